# SPDX-License-Identifier: Apache-2.0
"""DescribeRegions: every region is served by this one endpoint."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._describe import described
from vmferry.api.actions.ec2._regions import all_regions, opt_in_status
from vmferry.errors import ApiError


def handle(call: Call) -> dict[str, Any]:
    """List the regions."""
    wanted = call.params.get("RegionNames") or all_regions()
    for name in wanted:
        if name not in all_regions():
            raise ApiError("InvalidParameterValue", f"Invalid region names: {name}")
    endpoint = call.services.config.serve.listen
    shown, _more = described(
        call,
        list(wanted),
        key=lambda name: name,
        fields={
            "endpoint": lambda _name: [endpoint],
            "region-name": lambda name: [name],
            "opt-in-status": lambda name: [opt_in_status(name)],
        },
        tags=lambda _name: {},
    )
    regions = [
        {"RegionName": name, "Endpoint": endpoint, "OptInStatus": opt_in_status(name)}
        for name in shown
    ]
    return {"Regions": regions}


ACTION = Action(name="DescribeRegions", handle=handle)

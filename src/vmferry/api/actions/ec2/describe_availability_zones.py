# SPDX-License-Identifier: Apache-2.0
"""DescribeAvailabilityZones: three zones in every region, all of them this installation."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._describe import described
from vmferry.api.actions.ec2._regions import ZONES, opt_in_status, zone_id
from vmferry.errors import ApiError


def handle(call: Call) -> dict[str, Any]:
    """List the zones of the request's region."""
    zones = [_zone(call.region, letter) for letter in ZONES]
    for name, member in (("ZoneNames", "ZoneName"), ("ZoneIds", "ZoneId")):
        wanted = call.params.get(name)
        if wanted:
            unknown = set(wanted) - {zone[member] for zone in zones}
            if unknown:
                raise ApiError(
                    "InvalidParameterValue", f"Invalid availability zone: [{min(unknown)}]"
                )
            zones = [zone for zone in zones if zone[member] in wanted]
    shown, _more = described(
        call,
        zones,
        key=lambda zone: str(zone["ZoneName"]),
        fields={
            "region-name": lambda zone: [zone["RegionName"]],
            "state": lambda zone: [zone["State"]],
            "zone-id": lambda zone: [zone["ZoneId"]],
            "zone-name": lambda zone: [zone["ZoneName"]],
            "zone-type": lambda zone: [zone["ZoneType"]],
            "group-name": lambda zone: [zone["GroupName"]],
            "opt-in-status": lambda zone: [zone["OptInStatus"]],
        },
        tags=lambda _zone: {},
    )
    return {"AvailabilityZones": shown}


def _zone(region: str, letter: str) -> dict[str, Any]:
    return {
        "State": "available",
        "OptInStatus": opt_in_status(region),
        "Messages": [],
        "RegionName": region,
        "ZoneName": f"{region}{letter}",
        "ZoneId": zone_id(region, letter),
        "GroupName": region,
        "NetworkBorderGroup": region,
        "ZoneType": "availability-zone",
    }


ACTION = Action(name="DescribeAvailabilityZones", handle=handle)

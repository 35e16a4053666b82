# SPDX-License-Identifier: Apache-2.0
"""DescribeTags. Source: aws-behaviour.md 9.3."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._describe import described
from vmferry.api.actions.ec2._resources import resource_type


def handle(call: Call) -> dict[str, Any]:
    """List the caller's tags."""
    shown, more = described(
        call,
        call.services.tags.owned(call.owner),
        key=lambda tag: f"{tag[0]} {tag[1]}",
        fields={
            "key": lambda tag: [tag[1]],
            "resource-id": lambda tag: [tag[0]],
            "resource-type": lambda tag: [resource_type(tag[0])],
            "value": lambda tag: [tag[2]],
        },
        tags=lambda tag: {tag[1]: tag[2]},
        sizes=(5, 1000),
    )
    members = [
        {
            "Key": key,
            "ResourceId": resource,
            "ResourceType": resource_type(resource),
            "Value": value,
        }
        for resource, key, value in shown
    ]
    return {"Tags": members, **more}


ACTION = Action(name="DescribeTags", handle=handle)

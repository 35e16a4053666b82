# SPDX-License-Identifier: Apache-2.0
"""DeleteTags: remove tags by key, or by key and value. Source: aws-behaviour.md 9.3."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._checks import check_dry_run
from vmferry.api.actions.ec2._resources import check_resource


def handle(call: Call) -> dict[str, Any]:
    """Remove the tags; without ``Tags`` all of them."""
    for resource in call.params["Resources"]:
        check_resource(call, resource)
    check_dry_run(call)
    for resource in call.params["Resources"]:
        if "Tags" not in call.params:
            call.services.tags.clear(resource)
            continue
        labels = [(str(item.get("Key", "")), item.get("Value")) for item in call.params["Tags"]]
        call.services.tags.remove(resource, labels)
    return {}


ACTION = Action(name="DeleteTags", handle=handle)

# SPDX-License-Identifier: Apache-2.0
"""CreateTags: add or replace tags on any resources of the caller. Source: aws-behaviour.md 9.3."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._checks import check_dry_run
from vmferry.api.actions.ec2._resources import check_resource
from vmferry.catalog import tags


def handle(call: Call) -> dict[str, Any]:
    """Check every resource first, then write."""
    labels = tags.parse(call.params["Tags"])
    for resource in call.params["Resources"]:
        check_resource(call, resource)
    check_dry_run(call)
    for resource in call.params["Resources"]:
        call.services.tags.put(call.owner, resource, labels)
    return {}


ACTION = Action(name="CreateTags", handle=handle)

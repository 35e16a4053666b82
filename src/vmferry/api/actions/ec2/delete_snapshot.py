# SPDX-License-Identifier: Apache-2.0
"""DeleteSnapshot. Source: aws-behaviour.md 9.2."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._checks import check_dry_run


def handle(call: Call) -> dict[str, Any]:
    """Delete the snapshot unless an image uses it; its blocks are collected soon after."""
    snapshot = call.services.snapshots.find(call.owner, call.params["SnapshotId"])
    check_dry_run(call)
    call.services.snapshots.delete(call.owner, snapshot.id)
    call.services.tags.clear(snapshot.id)
    call.services.collect()
    return {}


ACTION = Action(name="DeleteSnapshot", handle=handle)

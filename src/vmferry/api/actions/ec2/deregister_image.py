# SPDX-License-Identifier: Apache-2.0
"""DeregisterImage. Source: aws-behaviour.md 9.1."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._checks import check_dry_run
from vmferry.errors import ApiError


def handle(call: Call) -> dict[str, Any]:
    """Take the image out of use; on request delete the snapshots that no other image uses."""
    image = call.services.images.find(call.owner, call.params["ImageId"])
    check_dry_run(call)
    call.services.images.deregister(call.owner, image.id)
    call.services.tags.clear(image.id)
    results: list[dict[str, str]] = []
    if call.params.get("DeleteAssociatedSnapshots"):
        results = [
            {"SnapshotId": snapshot_id, "ReturnCode": _delete(call, snapshot_id)}
            for snapshot_id in dict.fromkeys(device.snapshot_id for device in image.devices)
        ]
        call.services.collect()
    return {"Return": True, "DeleteSnapshotResults": results}


def _delete(call: Call, snapshot_id: str) -> str:
    try:
        call.services.snapshots.delete(call.owner, snapshot_id)
    except ApiError as error:
        return "skipped" if error.code == "InvalidSnapshot.InUse" else "client-error"
    call.services.tags.clear(snapshot_id)
    return "success"


ACTION = Action(name="DeregisterImage", handle=handle)

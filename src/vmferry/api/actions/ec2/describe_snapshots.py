# SPDX-License-Identifier: Apache-2.0
"""DescribeSnapshots. Source: aws-behaviour.md 9.2, appendix B."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._describe import described, tag_list, truth, without_none
from vmferry.units import GIB

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vmferry.model.catalog import Snapshot

NO_VOLUME: Final = "vol-ffffffff"
"""An imported snapshot has an arbitrary volume that does not exist (the guide; 1.8)."""


def size_gib(size: int) -> int:
    """Return what a volume from so many bytes needs, in GiB."""
    return max(1, -(-size // GIB))


FILTERS: Final[Mapping[str, Callable[[Snapshot], list[str]]]] = {
    "description": lambda snapshot: [snapshot.description],
    "encrypted": lambda snapshot: truth(snapshot.encrypted),
    "owner-alias": lambda _snapshot: [],
    "owner-id": lambda snapshot: [snapshot.owner.account],
    "progress": lambda _snapshot: ["100%"],
    "snapshot-id": lambda snapshot: [snapshot.id],
    "start-time": lambda snapshot: [f"{snapshot.created.isoformat(timespec='milliseconds')}Z"],
    "status": lambda snapshot: [snapshot.state],
    "storage-tier": lambda _snapshot: ["standard"],
    "volume-id": lambda _snapshot: [NO_VOLUME],
    "volume-size": lambda snapshot: [str(size_gib(snapshot.size))],
}


def handle(call: Call) -> dict[str, Any]:
    """List the caller's snapshots; those of others are none of its business."""
    wanted = call.params.get("SnapshotIds")
    if wanted:
        found = [call.services.snapshots.find(call.owner, snapshot_id) for snapshot_id in wanted]
    else:
        found = call.services.snapshots.owned(call.owner)
    owners = call.params.get("OwnerIds")
    if owners and not {"self", call.owner.account} & set(owners):
        found = []
    labels = call.services.tags.of([snapshot.id for snapshot in found])
    shown, more = described(
        call,
        found,
        key=lambda snapshot: snapshot.id,
        fields=FILTERS,
        tags=lambda snapshot: labels.get(snapshot.id, {}),
    )
    return {
        "Snapshots": [_show(snapshot, labels.get(snapshot.id, {})) for snapshot in shown],
        **more,
    }


def _show(snapshot: Snapshot, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": NO_VOLUME,
        "State": snapshot.state,
        "StartTime": snapshot.created,
        "CompletionTime": snapshot.created,
        "Progress": "100%",
        "OwnerId": snapshot.owner.account,
        "VolumeSize": size_gib(snapshot.size),
        "Description": snapshot.description,
        "Encrypted": snapshot.encrypted,
        "StorageTier": "standard",
        "Tags": tag_list(labels),
        **without_none(KmsKeyId=snapshot.kms_key_id or None),
    }


ACTION = Action(name="DescribeSnapshots", handle=handle)

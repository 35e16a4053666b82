# SPDX-License-Identifier: Apache-2.0
"""The record of a snapshot that an import made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.database.engine import now
from vmferry.model import ids
from vmferry.model.catalog import Snapshot

if TYPE_CHECKING:
    from vmferry.model.catalog import Owner


def imported(owner: Owner, task_id: str, size: int, map_id: str, original: str = "") -> Snapshot:
    """Return the record as AWS describes it (aws-behaviour.md 3.1, Result AMI and snapshots).

    ``original`` is the block map before fix-ups; it is kept if they changed the disk.
    """
    return Snapshot(
        id=ids.new("snap"),
        owner=owner,
        size=size,
        map_id=map_id,
        description=f"Created by AWS-VMImport service for {task_id}",
        state="completed",
        created=now(),
        original=original if original != map_id else "",
    )

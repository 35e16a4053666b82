# SPDX-License-Identifier: Apache-2.0
"""ImportSnapshot: a disk in a bucket becomes a snapshot, byte for byte; the guest is not looked at.

Source: the guide, "Import a disk as a snapshot"; aws-behaviour.md 3.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.catalog import snapshots
from vmferry.jobs import Job, nothing_to_undo
from vmferry.jobs._copy import import_disk
from vmferry.jobs._snapshots import imported
from vmferry.jobs._source import check_key, examine_disk

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps

STARTED: Final = 3
EXAMINED: Final = 8
COPIED: Final = 95
"""Percent shown at the ends of the phases; AWS begins with 3 (aws-behaviour.md, 4)."""


def run(_rooms: Rooms, steps: Steps) -> None:
    """Examine the disk, copy it, and make the snapshot visible."""
    check_key(steps.task.params)
    steps.report("downloading/converting", STARTED)
    found = steps.run(examine_disk, steps.task.params["container"])
    steps.report(
        "downloading/converting", EXAMINED, size=found["object_size"], format=found["format"]
    )
    span = COPIED - EXAMINED
    map_id = import_disk(
        steps,
        0,
        found["location"],
        lambda share: steps.report(progress=EXAMINED + int(share * span)),
    )
    snapshot = imported(steps.task.owner, steps.task.id, found["size"], map_id)

    def write(connection: Connection) -> None:
        snapshots.add(connection, snapshot)

    steps.complete(write, snapshot_id=snapshot.id)


JOB = Job(name="import_snapshot", run=run, undo=nothing_to_undo)

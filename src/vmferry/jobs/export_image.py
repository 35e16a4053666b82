# SPDX-License-Identifier: Apache-2.0
"""ExportImage: the disks of an image become files in a bucket.

The key is prefix, task id, dot, format (aws-behaviour.md 3.6); AWS does not document the names of
further disks: here they are ``…-disk2.vmdk``, ``…-disk3.vmdk``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.jobs import Job
from vmferry.jobs._export import deliver, export_disk

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.task import Task
    from vmferry.tasks import Steps

KINDS: Final = {"raw": "flat", "vhd": "fixed", "vmdk": "streamOptimized"}
"""What is written for each format of the API: what AWS exports, which the hypervisors take."""

UPDATED: Final = 21
CONVERTED: Final = 85
"""Percents at which AWS was seen in ``updating`` and at the end of ``converting``."""


def object_key(prefix: str, task_id: str, number: int, format_name: str) -> str:
    """Return the key of disk ``number`` (from 0)."""
    disk = f"-disk{number + 1}" if number else ""
    return f"{prefix}{task_id}{disk}.{format_name.lower()}"


def run(_rooms: Rooms, steps: Steps) -> None:
    """Write every disk as a file, then hand them over one after the other."""
    params = steps.task.params
    steps.report("validating", 0)
    steps.report("updating", UPDATED)
    disks, name = params["disks"], params["format"].lower()
    artifacts = []
    for number, disk in enumerate(disks):

        def show(share: float, number: int = number) -> None:
            done = (number + share) / len(disks)
            steps.report(progress=UPDATED + int(done * (CONVERTED - UPDATED)))

        steps.report("converting")
        artifacts.append(export_disk(steps, number, disk["map_id"], name, KINDS[name], show))
    steps.report(progress=CONVERTED)
    sizes = []
    for artifact, disk in zip(artifacts, disks, strict=True):
        if disk is disks[-1]:
            steps.report(final=True)
        sizes.append(steps.run(deliver, artifact, params["bucket"], disk["key"], str(steps.work)))

    def write(_connection: Connection) -> None:
        """Nothing to make visible: the objects are."""

    steps.complete(write, sizes=sizes)


def undo(rooms: Rooms, task: Task) -> None:
    """Remove what was handed over already."""
    bucket = task.params["bucket"]
    for disk in task.params["disks"]:
        store, name = rooms.object_place(bucket, disk["key"])
        store.delete(name)


JOB = Job(name="export_image", run=run, undo=undo)

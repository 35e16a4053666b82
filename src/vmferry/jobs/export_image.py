# SPDX-License-Identifier: Apache-2.0
"""ExportImage: the disks of an image become files in a bucket.

The key is prefix, task id, dot, format (aws-behaviour.md 3.6); AWS does not document the names of
further disks: here they are ``…-disk2.vmdk``, ``…-disk3.vmdk``. Where the bucket takes parts, as
that of any other S3 does, a disk goes there part by part; a bucket of our own is a folder, and a
file that is made beside it and moved is there at once.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from vmferry.jobs import Job
from vmferry.jobs._export import Artifact, deliver, export_disk
from vmferry.jobs._ova import export_ova
from vmferry.jobs._stream import join_parts, stream_disk
from vmferry.model.bytes import PartStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.task import Task
    from vmferry.tasks import Steps

KINDS: Final = {"raw": "flat", "vhd": "fixed", "vmdk": "streamOptimized", "vhdx": "dynamic"}
"""What is written for each format: what AWS exports, which the hypervisors take."""

OVA: Final = "ova"

UPDATED: Final = 21
CONVERTED: Final = 85
"""Percents at which AWS was seen in ``updating`` and at the end of ``converting``."""


def object_key(prefix: str, task_id: str, number: int, format_name: str) -> str:
    """Return the key of disk ``number`` (from 0)."""
    disk = f"-disk{number + 1}" if number else ""
    return f"{prefix}{task_id}{disk}.{format_name.lower()}"


def run(rooms: Rooms, steps: Steps) -> None:
    """Write every disk, then hand them over one after the other."""
    params = steps.task.params
    steps.report("validating", 0)
    steps.report("updating", UPDATED)
    steps.report("converting")
    disks = params["disks"]

    def show(number: int, share: float) -> None:
        done = (number + share) / len(disks)
        steps.report(progress=UPDATED + int(done * (CONVERTED - UPDATED)))

    if params["format"].lower() == OVA:
        maps = [disk["map_id"] for disk in disks]
        ova = export_ova(steps, maps, params["name"], params["boot_mode"], show)
        made = [(deliver, ova, params["bucket"], disks[0]["key"])]
    else:
        made = [_made(rooms, steps, number, show) for number in range(len(disks))]
    steps.report(progress=CONVERTED)
    sizes: list[int] = []
    for step, *arguments in made:
        if len(sizes) == len(made) - 1:
            steps.report(final=True)
        sizes.append(steps.run(step, *arguments, str(steps.work)))

    def write(_connection: Connection) -> None:
        """Nothing to make visible: the objects are."""

    steps.complete(write, sizes=sizes)


def _made(
    rooms: Rooms, steps: Steps, number: int, show: Callable[[int, float], None]
) -> tuple[Any, ...]:
    """Write a disk and return the step that makes it visible, with its arguments but the folder."""
    params = steps.task.params
    disk, name = params["disks"][number], params["format"].lower()
    artifact = Artifact(disk["map_id"], name, KINDS[name])
    place = params["bucket"], disk["key"]

    def share(done: float) -> None:
        show(number, done)

    if isinstance(rooms.object_place(*place)[0], PartStore):
        upload = stream_disk(steps, number, artifact, place, share)
        if upload is not None:
            return (join_parts, *asdict(upload).values())
    return (deliver, export_disk(steps, number, artifact, share), *place)


def undo(rooms: Rooms, task: Task) -> None:
    """Remove what was handed over already, and the parts of what was not."""
    bucket = task.params["bucket"]
    for key in dict.fromkeys(disk["key"] for disk in task.params["disks"]):
        store, name = rooms.object_place(bucket, key)
        if isinstance(store, PartStore):
            store.abandon(name)
        store.delete(name)


JOB = Job(name="export_image", run=run, undo=undo)

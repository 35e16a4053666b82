# SPDX-License-Identifier: Apache-2.0
"""From a disk to a sealed block map: cut into slices, copy each in a worker, join.

Used by every job that brings a disk in. ``Where`` and everything that steps take or give is JSON.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vmferry import formats
from vmferry.appliances.content import most_content
from vmferry.blocks import seal
from vmferry.blocks.ingest import SLICE
from vmferry.blocks.map import map_key
from vmferry.convert import locations
from vmferry.jobs._rooms import here
from vmferry.model.disk import DiskLocation
from vmferry.tasks import Steps, check_cancelled
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk

SNAPSHOT: Final = "snapshot"
"""The ``format`` of a location whose ``url`` is a block map of our own."""


@lru_cache(maxsize=4)
def open_disk(location: DiskLocation, _task: str) -> Disk:
    """Open a disk once per worker and task: its tables are not read again for every slice."""
    return fresh_disk(location)


def fresh_disk(location: DiskLocation) -> Disk:
    """Open a disk; raises ``FormatError`` or ``SourceError``."""
    if location.format == SNAPSHOT:
        return here().snapshot_disk(location.url)
    return formats.open_disk(open_file(location), location.format or None)


def open_file(location: DiskLocation) -> ByteSource:
    """Open the file of a disk, the same one that was looked at first.

    Raises:
        FormatError: A compressed file is damaged, or inflates to more than any disk may need.
        SourceError: It cannot be read, or the object was replaced since then.
    """
    if location.compression:
        return _unpacked(location)
    return locations.open_file(location, here().access)


@lru_cache(maxsize=4)
def _unpacked(location: DiskLocation) -> ByteSource:
    """Inflate a file once per worker: to open it means to read all of it."""
    limit = most_content(here().config.guest.max_disk)
    return locations.open_file(location, here().access, limit)


def import_disk(
    steps: Steps, number: int, where: dict[str, Any], show: Callable[[float], None]
) -> str:
    """Bring one disk into the block store and return its map's id.

    Args:
        steps: The task's.
        number: Of the disk in the task, from 0.
        where: A ``DiskLocation`` as JSON.
        show: Called with the share done, 0 to 1.
    """
    task = steps.task.id
    slices = steps.run(cut_slices, where, task)
    parts = [str(steps.work / "parts" / f"{number}-{at:06}") for at in range(len(slices))]
    items = [
        (where, task, offset, length, part, str(steps.work))
        for (offset, length), part in zip(slices, parts, strict=True)
    ]
    steps.map(copy_slice, items, lambda done: show(done / len(items)))
    map_id = f"{task}.{number}"
    steps.run(seal_map, where, task, parts, map_id, str(steps.work / f"map-{number}"))
    return map_id


def cut_slices(where: dict[str, Any], task: str) -> list[tuple[int, int]]:
    """Step: return the slices of a disk."""
    return list(formats.cut(open_disk(DiskLocation(**where), task), BLOCK, SLICE))


def copy_slice(
    where: dict[str, Any], task: str, offset: int, length: int, part: str, work: str
) -> int:
    """Step: copy one slice; returns the bytes newly stored."""
    disk = open_disk(DiskLocation(**where), task)
    folder = Path(work)
    ingest = here().ingest
    return ingest.copy(disk, offset, length, Path(part), lambda _done: check_cancelled(folder))


def seal_map(where: dict[str, Any], task: str, parts: list[str], map_id: str, draft: str) -> int:
    """Step: join the slices' parts into the disk's map; returns the number of blocks."""
    size = open_disk(DiskLocation(**where), task).size
    store = here().blocks
    target = Path(draft)
    if store.size(map_key(map_id)) is not None and not target.exists():
        # Killed after the map was in its place and before that was recorded.
        return int(here().snapshot_disk(map_id).present)
    count = seal((Path(part) for part in parts), size, target)
    store.adopt(map_key(map_id), target, lambda _done: None)
    return count

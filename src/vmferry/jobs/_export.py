# SPDX-License-Identifier: Apache-2.0
"""From a snapshot to an artifact in a bucket: encode slices in workers, assemble, hand over.

The artifact is finished in the task's work folder and moved (or uploaded) whole, so a bucket never
shows half of one. The job needs room for it twice for formats whose slices cannot be placed in
advance.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vmferry import formats
from vmferry.errors import ApiError, StorageFullError
from vmferry.jobs._copy import cut
from vmferry.jobs._rooms import here
from vmferry.stores.directory import room_on_disk
from vmferry.tasks import Steps, check_cancelled
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from vmferry.blocks import SnapshotDisk
    from vmferry.formats import Writer

SLICE: Final = 64 * MIB
"""Data in one slice: some tenths of a second of work, done again at most after a crash."""


def export_disk(
    steps: Steps, number: int, map_id: str, format_name: str, show: Callable[[float], None]
) -> str:
    """Write one snapshot as a file in the work folder and return its path.

    Args:
        steps: The task's.
        number: Of the disk in the task, from 0.
        map_id: The snapshot's block map.
        format_name: As in ``formats``, lower case.
        show: Called with the share done, 0 to 1.
    """
    artifact = str(steps.work / f"artifact-{number}")
    slices, placed = steps.run(plan_slices, map_id, format_name)
    pieces = [
        artifact if placed else str(steps.work / f"piece-{number}-{at:06}")
        for at in range(len(slices))
    ]
    items = [
        (map_id, format_name, offset, length, piece, str(steps.work))
        for (offset, length), piece in zip(slices, pieces, strict=True)
    ]
    steps.map(encode_slice, items, lambda done: show(done / len(items)))
    steps.run(assemble, map_id, format_name, [] if placed else pieces, artifact)
    return artifact


def plan_slices(map_id: str, format_name: str) -> tuple[list[tuple[int, int]], bool]:
    """Step: return the slices of a snapshot, and whether they go straight into the artifact."""
    disk = _snapshot(map_id)
    writer = _writer(format_name, disk.size)
    return list(cut(disk, writer.alignment, SLICE)), writer.placed


def encode_slice(
    map_id: str, format_name: str, offset: int, length: int, piece: str, work: str
) -> None:
    """Step: encode one slice durably."""
    check_cancelled(Path(work))
    disk = _snapshot(map_id)
    writer = _writer(format_name, disk.size)
    with _room(Path(piece), length), _writable(piece, keep=writer.placed) as out:
        writer.encode(disk, offset, length, out)
        out.flush()
        os.fsync(out.fileno())


def assemble(map_id: str, format_name: str, pieces: list[str], artifact: str) -> int:
    """Step: finish the artifact; returns its size in bytes."""
    writer = _writer(format_name, _snapshot(map_id).size)
    path = Path(artifact)
    with _room(path, 0), ExitStack() as stack:
        files = [stack.enter_context(Path(piece).open("rb")) for piece in pieces]
        out = stack.enter_context(_writable(artifact, keep=writer.placed))
        writer.assemble(files, out)
        out.flush()
        os.fsync(out.fileno())
    return path.stat().st_size


def deliver(artifact: str, bucket: str, key: str, work: str) -> int:
    """Step: move the artifact to its key; returns its size. Done twice, it finds it there."""
    store, name = here().object_place(bucket, key)
    path, folder = Path(artifact), Path(work)
    if not path.exists():
        # Killed after the artifact was in its place and before that was recorded.
        return store.open(name).size
    size = path.stat().st_size
    check_cancelled(folder)
    store.adopt(name, path, lambda _done: check_cancelled(folder))
    return size


@contextmanager
def _room(path: Path, size: int) -> Iterator[None]:
    """Without room for ``path``, remove what was begun: the failure itself has to be recorded."""
    try:
        with room_on_disk(path.name, size):
            yield
    except StorageFullError:
        path.unlink(missing_ok=True)
        raise


@lru_cache(maxsize=4)
def _snapshot(map_id: str) -> SnapshotDisk:
    return here().snapshot_disk(map_id)


def _writer(format_name: str, size: int) -> Writer:
    write = formats.all_formats()[format_name].write
    if write is None:
        raise ApiError("InvalidParameterValue", f"The format {format_name} cannot be written")
    return write(size)


def _writable(path: str, *, keep: bool) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | (0 if keep else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o644), "r+b")

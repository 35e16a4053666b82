# SPDX-License-Identifier: Apache-2.0
"""From a snapshot to an artifact in a bucket: encode slices in workers, assemble, hand over.

The artifact is finished in the task's work folder and moved (or uploaded) whole, so a bucket never
shows half of one. Bodies whose place depends on those before them are kept as pieces until all are
there, so the job needs room for them twice.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry import formats
from vmferry.errors import StorageFullError
from vmferry.formats import Encoded
from vmferry.jobs._rooms import here
from vmferry.jobs._splice import copy_range
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


class Artifact(NamedTuple):
    """What is written; as an argument of a step it is a list.

    Attributes:
        map_id: The snapshot's block map.
        format: As in ``formats``, lower case.
        kind: One of the format's ``writers``.
    """

    map_id: str
    format: str
    kind: str

    def writer(self, size: int) -> Writer:
        """Return the writer for a disk of ``size`` bytes."""
        return formats.all_formats()[self.format].writers[self.kind](size)


class Bodies(NamedTuple):
    """The slices of an artifact and their bodies.

    Attributes:
        slices: Offset and length of each.
        encoded: Size and record of each body, the record in Base64.
        pieces: The file of each body; empty where they stand in the artifact already.
    """

    slices: list[tuple[int, int]]
    encoded: list[tuple[int, str]]
    pieces: list[str]


def export_disk(
    steps: Steps, number: int, artifact: Artifact, show: Callable[[float], None]
) -> str:
    """Write one snapshot as a file in the work folder and return its path.

    Args:
        steps: The task's.
        number: Of the disk in the task, from 0.
        artifact: What is written.
        show: Called with the share done, 0 to 1.
    """
    path = str(steps.work / f"artifact-{number}")
    steps.run(assemble, artifact, encode_disk(steps, number, artifact, path, show), path)
    return path


def encode_disk(
    steps: Steps, number: int, artifact: Artifact, path: str, show: Callable[[float], None]
) -> Bodies:
    """Encode every slice: in the file at ``path`` where it can stand there, else as pieces."""
    slices, in_place = steps.run(plan_slices, artifact)
    pieces = [
        path if in_place else str(steps.work / f"piece-{number}-{at:06}")
        for at in range(len(slices))
    ]
    items = [
        (artifact, offset, length, piece, str(steps.work))
        for (offset, length), piece in zip(slices, pieces, strict=True)
    ]
    encoded = steps.map(encode_slice, items, lambda done: show(done / len(items)))
    return Bodies(slices, encoded, [] if in_place else pieces)


def plan_slices(artifact: Artifact) -> tuple[list[tuple[int, int]], bool]:
    """Step: return the slices of a snapshot, and whether they go straight into the artifact."""
    artifact = Artifact(*artifact)
    disk = snapshot_of(artifact)
    writer = artifact.writer(disk.size)
    return list(formats.cut(disk, writer.alignment, SLICE)), writer.first is None


def encode_slice(
    artifact: Artifact, offset: int, length: int, piece: str, work: str
) -> tuple[int, str]:
    """Step: encode one slice durably; returns the size of its body, and its record in Base64."""
    check_cancelled(Path(work))
    artifact = Artifact(*artifact)
    disk = snapshot_of(artifact)
    writer = artifact.writer(disk.size)
    in_place = writer.first is None
    with _room(Path(piece), length), writable(piece, keep=in_place) as out:

        def put(at: int, data: bytes | memoryview) -> None:
            out.seek(at + offset if in_place else at)
            out.write(data)

        encoded = writer.encode(disk, offset, length, put)
        if not in_place:
            out.truncate(encoded.size)
        out.flush()
        os.fsync(out.fileno())
    return encoded.size, b64encode(encoded.record).decode()


def assemble(artifact: Artifact, bodies: Bodies, path: str) -> int:
    """Step: finish the artifact; returns its size in bytes."""
    with _room(Path(path), 0), writable(path, keep=not bodies[2]) as out:
        lay(Artifact(*artifact), Bodies(*bodies), out)
        out.flush()
        os.fsync(out.fileno())
    return Path(path).stat().st_size


def lay(artifact: Artifact, bodies: Bodies, out: BinaryIO) -> None:
    """Put every body in its place and write what belongs to none."""
    writer = artifact.writer(snapshot_of(artifact).size)
    encoded = (Encoded(size, b64decode(record)) for size, record in bodies.encoded)
    parts = list(formats.arrange(writer, bodies.slices, encoded))
    for part, piece in zip(parts, bodies.pieces, strict=False):
        with Path(piece).open("rb") as source:
            out.seek(part.place)
            copy_range(source, 0, part.size, out)
    writer.finish(parts, out)


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


def snapshot_of(artifact: Artifact) -> SnapshotDisk:
    """Return the snapshot that is written."""
    return _snapshot(artifact.map_id)


@lru_cache(maxsize=4)
def _snapshot(map_id: str) -> SnapshotDisk:
    return here().snapshot_disk(map_id)


def writable(path: str, *, keep: bool) -> BinaryIO:
    """Open a file for reading and writing; one that is not there is made."""
    flags = os.O_RDWR | os.O_CREAT | (0 if keep else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o644), "r+b")

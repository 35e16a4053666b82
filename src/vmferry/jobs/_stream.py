# SPDX-License-Identifier: Apache-2.0
"""From a snapshot into a bucket in parts: no artifact is ever whole on this machine.

Where a body comes to stand depends on those before it, and only what has its place can be sent. So
slices are encoded a batch at a time into pieces, while the parts of the batch before are sent and
their pieces removed: what lies here is never more than two batches. Formats that have every byte in
its place need no pieces. The first part has the head, which says what is known only at the end, so
it is sent last; the last part has the tail.

Every part is a step. A step that is done again after a kill encodes its slices again where their
pieces are gone, and sends the same bytes. An upload that a killed process began is given up by the
next one and at the task's end, whichever way it ends.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html (5 MiB, 10,000 parts).
"""

from __future__ import annotations

import io
from base64 import b64decode
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from vmferry import formats
from vmferry.errors import IntegrityError
from vmferry.formats import Encoded, Part, PartedWriter
from vmferry.jobs._export import SLICE, Artifact, encode_slice, snapshot_of
from vmferry.jobs._rooms import here
from vmferry.model.bytes import PartStore
from vmferry.tasks import Steps, check_cancelled
from vmferry.units import MIB, round_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from vmferry.blocks import SnapshotDisk
    from vmferry.formats import Writer

SMALLEST: Final = 5 * MIB
"""Every part but the last has as much."""

MOST_PARTS: Final = 10_000
LARGEST: Final = 128 * MIB
"""Data of a part, which is in memory while it is sent; 10,000 of them are more than 1 TiB."""

BATCH: Final = 8
"""Slices that are encoded side by side; the same after a restart, or steps would change places."""


class Slice(NamedTuple):
    """A slice of the disk and what became of it.

    Attributes:
        size: Bytes of its body.
        record: What the writer has to know of it, in Base64.
        piece: The file that has the body, ``""`` if none does.
    """

    offset: int
    length: int
    size: int
    record: str
    piece: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An object whose parts are all sent."""

    bucket: str
    key: str
    id: str
    tags: list[str]
    size: int


def plan_parts(artifact: Artifact, bucket: str, key: str) -> tuple[list[tuple[int, int]], bool]:
    """Step: return the slices of a streamed artifact, and whether they need no pieces.

    There are none where an artifact has to be whole first: in a store that takes no parts, in a
    format that does not settle part by part, or of a disk too large for them.
    """
    store, _ = here().object_place(bucket, key)
    disk = snapshot_of(artifact)
    writer = artifact.writer(disk.size)
    in_place = writer.first is None
    if not isinstance(store, PartStore) or not (in_place or isinstance(writer, PartedWriter)):
        return [], in_place
    bytes_in_all = disk.size if in_place else formats.allocated(disk)
    span = max(SLICE, round_up(bytes_in_all // (MOST_PARTS - 1), MIB))
    if span > LARGEST:
        return [], in_place
    if in_place:
        starts = range(0, max(disk.size, 1), span)
        return [(at, min(span, disk.size - at)) for at in starts], in_place
    return list(formats.cut(disk, writer.alignment, span)), in_place


def stream_disk(
    steps: Steps,
    number: int,
    artifact: Artifact,
    place: tuple[str, str],
    show: Callable[[float], None],
) -> Upload | None:
    """Send one snapshot to its key, where it is not to be seen yet.

    Args:
        steps: The task's.
        number: Of the disk in the task, from 0.
        artifact: What is written.
        place: Bucket and key.
        show: Called with the share done, 0 to 1.

    Returns:
        The upload, or ``None`` where an artifact has to be whole first.
    """
    slices, in_place = steps.run(plan_parts, artifact, *place)
    if not slices:
        return None
    upload = steps.run(begin_upload, *place)
    parts = _Parts(steps, artifact, (*place, upload), show, held=0 if in_place else 1)
    if in_place:
        parts.add([Slice(offset, length, length, "", "") for offset, length in slices])
        return parts.end()
    for start in range(0, len(slices), BATCH):
        batch = slices[start : start + BATCH]
        pieces = [str(steps.work / f"piece-{number}-{start + at:06}") for at in range(len(batch))]
        asked = [
            ("encode_slice", artifact, offset, length, piece, str(steps.work))
            for (offset, length), piece in zip(batch, pieces, strict=True)
        ]
        answers = parts.do(asked, len(slices))
        parts.add(
            [
                Slice(offset, length, size, record, piece)
                for (offset, length), (size, record), piece in zip(
                    batch, answers, pieces, strict=True
                )
            ]
        )
    return parts.end()


class _Parts:
    """The parts of one upload: made of slices as they come, each large enough."""

    def __init__(
        self,
        steps: Steps,
        artifact: Artifact,
        place: tuple[str, str, str],
        show: Callable[[float], None],
        *,
        held: int,
    ) -> None:
        self._steps, self._artifact, self._place, self._show = steps, artifact, place, show
        self._groups: list[list[Slice]] = [[]]
        self._starts = [0]  # Of each part's bodies, behind those of all parts before it.
        self._end = 0
        self._tags: dict[int, str] = {}
        self._held = held  # Parts at the beginning that wait for the end: that with the head.
        self._done = 0

    def add(self, slices: Sequence[Slice]) -> None:
        """Take the next slices of the disk."""
        for each in slices:
            if self._end - self._starts[-1] >= SMALLEST:
                self._groups.append([])
                self._starts.append(self._end)
            self._groups[-1].append(each)
            self._end += each.size

    def do(self, asked: Sequence[tuple[object, ...]], total: int) -> list[Any]:
        """Do what is asked and send what can be sent; return the answers to what is asked."""
        ready = [at for at in range(self._held, len(self._groups) - 1) if at not in self._tags]
        items = [*asked, *(self._send(at) for at in ready)]
        before = self._done

        def done(finished: int) -> None:
            self._show(min((before + finished) / (2 * total), 1.0))

        answers = self._steps.map(do_either, items, done)
        self._done += len(items)
        self._tags.update(zip(ready, answers[len(asked) :], strict=True))
        return answers[: len(asked)]

    def end(self) -> Upload:
        """Send the rest: first what is between, then the ends, which are now known."""
        whole = list(chain.from_iterable(self._groups))
        total = max(len(whole), 1)
        self._done = max(self._done, total)
        self.do([], total)
        ends = [at for at in range(len(self._groups)) if at not in self._tags]
        items = [self._send(at, whole) for at in ends]
        tags = self._steps.map(do_either, items, lambda _: None)
        self._tags.update(zip(ends, tags, strict=True))
        self._show(1.0)
        bucket, key, upload = self._place
        size = self._steps.run(size_of, self._artifact, whole)
        ordered = [self._tags[at] for at in sorted(self._tags)]
        return Upload(bucket=bucket, key=key, id=upload, tags=ordered, size=size)

    def _send(self, at: int, whole: Sequence[Slice] = ()) -> tuple[object, ...]:
        group, before, work = self._groups[at], self._starts[at], str(self._steps.work)
        return ("send_part", self._artifact, group, before, at, whole, self._place, work)


def do_either(name: str, *arguments: Any) -> Any:  # noqa: ANN401
    """Step: encode a slice, or send a part; side by side they use both processors and network."""
    return _EITHER[name](*arguments)


def begin_upload(bucket: str, key: str) -> str:
    """Step: begin the upload and return its id."""
    store, name = _store(bucket, key)
    return store.begin(name)


def send_part(
    artifact: Artifact,
    group: Sequence[Slice],
    before: int,
    at: int,
    whole: Sequence[Slice],
    place: tuple[str, str, str],
    work: str,
) -> str:
    """Step: send part ``at`` from 0 and return its tag.

    Args:
        artifact: What is written.
        group: The slices of the part.
        before: Bytes of all bodies before them.
        at: Which part.
        whole: Every slice of the artifact, for the first and the last part.
        place: Bucket, key and upload.
        work: The task's folder.
    """
    check_cancelled(Path(work))
    artifact, slices = Artifact(*artifact), [Slice(*each) for each in group]
    disk = snapshot_of(artifact)
    writer = artifact.writer(disk.size)
    edges = _edges(writer, disk, [Slice(*each) for each in whole]) if whole else None
    payload = bytearray(edges.head if edges and not at else b"")
    stands = (writer.first or 0) + before
    for each in slices:
        _append(payload, writer, disk, each, stands)
        stands += each.size
    if edges and stands == edges.end:
        payload += edges.tail
    bucket, key, upload = place
    store, name = _store(bucket, key)
    tag = store.send(name, upload, at + 1, payload)
    for each in slices:
        if each.piece:
            Path(each.piece).unlink(missing_ok=True)
    return tag


def size_of(artifact: Artifact, whole: Sequence[Slice]) -> int:
    """Step: return the size of the whole artifact."""
    artifact = Artifact(*artifact)
    disk = snapshot_of(artifact)
    edges = _edges(artifact.writer(disk.size), disk, [Slice(*each) for each in whole])
    return edges.end + len(edges.tail)


def join_parts(
    bucket: str, key: str, upload: str, tags: Sequence[str], size: int, work: str
) -> int:
    """Step: make the object visible; returns its size. Done twice, it finds it there."""
    check_cancelled(Path(work))
    store, name = _store(bucket, key)
    store.join(name, upload, tags)
    found = store.size(name)
    if found != size:
        raise IntegrityError(f"s3://{bucket}/{key}: has {found} bytes, expected {size}")
    return size


def _append(
    payload: bytearray, writer: Writer, disk: SnapshotDisk, each: Slice, place: int
) -> None:
    """Append the body of a slice as it stands at ``place``."""
    if not isinstance(writer, PartedWriter):
        start = len(payload)
        payload.extend(bytes(each.size))

        def lay(at: int, data: bytes | memoryview) -> None:
            payload[start + at : start + at + len(data)] = data

        writer.encode(disk, each.offset, each.length, lay)
        return
    window = io.BytesIO(_kept(each))
    if window.getbuffer().nbytes != each.size:

        def put(at: int, data: bytes | memoryview) -> None:
            window.seek(at)
            window.write(data)

        writer.encode(disk, each.offset, each.length, put)
    part = Part(each.offset, each.length, place, each.size, b64decode(each.record))
    writer.settle(part, window, place)
    payload += window.getbuffer()


def _kept(each: Slice) -> bytes:
    """Return what the piece of a slice has: nothing, if a killed process has sent it already."""
    piece = Path(each.piece)
    return piece.read_bytes() if piece.is_file() else b""


def _edges(writer: Writer, disk: SnapshotDisk, whole: Sequence[Slice]) -> _Edges:
    """Return what stands before the first body and behind the last."""
    slices = [(each.offset, each.length) for each in whole]
    bodies = (Encoded(each.size, b64decode(each.record)) for each in whole)
    parts = list(formats.arrange(writer, slices, bodies))
    edges = _Edges(writer.first or 0, parts[-1].place + parts[-1].size, disk)
    close = writer.close if isinstance(writer, PartedWriter) else writer.finish
    close(parts, cast("BinaryIO", edges))
    return edges


class _Edges(io.RawIOBase):
    """The artifact to who writes its ends: bodies can be read where they are the disk's own bytes.

    Attributes:
        head: What was written before the first body.
        tail: What was written behind the last.
        end: Where the last body ends.
    """

    def __init__(self, first: int, end: int, disk: SnapshotDisk) -> None:
        self.head, self.tail = bytearray(first), bytearray()
        self.end = end
        self._disk, self._at = disk, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.end + len(self.tail)}
        self._at = base[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return bytes of bodies that stand in place, and of the tail."""
        if self.head:
            raise IntegrityError("export: bodies of this format cannot be read once they are sent")
        inside = max(min(size, self.end - self._at), 0)
        data = self._disk.read_at(self._at, inside) if inside else b""
        behind = max(self._at - self.end, 0)
        data += bytes(self.tail[behind : behind + size - inside])
        self._at += len(data)
        return data

    def write(self, data: Any, /) -> int:  # noqa: ANN401
        part, at = (self.head, self._at) if self._at < len(self.head) else (self.tail, self._behind)
        if at < 0 or (part is self.head and at + len(data) > len(self.head)):
            raise IntegrityError(f"export: byte {self._at} is in a body that is sent already")
        part.extend(bytes(max(at - len(part), 0)))
        part[at : at + len(data)] = data
        self._at += len(data)
        return len(data)

    def truncate(self, size: int | None = None, /) -> int:
        wanted = self._at if size is None else size
        if wanted < self.end:
            raise IntegrityError(f"export: {wanted} bytes end in a body that is sent already")
        del self.tail[wanted - self.end :]
        self.tail.extend(bytes(wanted - self.end - len(self.tail)))
        return wanted

    @property
    def _behind(self) -> int:
        return self._at - self.end


def _store(bucket: str, key: str) -> tuple[PartStore, str]:
    store, name = here().object_place(bucket, key)
    if not isinstance(store, PartStore):
        raise IntegrityError(f"s3://{bucket}: took parts when the task began, and takes none now")
    return store, name


_EITHER: Final[dict[str, Callable[..., object]]] = {
    "encode_slice": encode_slice,
    "send_part": send_part,
}

# SPDX-License-Identifier: Apache-2.0
"""Disks in memory, and VMDKs made byte by byte from the specification, without our writer."""

from __future__ import annotations

import io
import os
import random
import struct
import zlib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from vmferry.errors import SourceError
from vmferry.formats import arrange
from vmferry.model.disk import Extent, ExtentKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from vmferry.formats import Encoded, Writer
    from vmferry.model.disk import Disk

SECTOR = 512
HEADER = struct.Struct("<4sIIQQQQIQQQB4sH433x")
AT_END = (1 << 64) - 1


class MemorySource:
    """A source in memory that counts its reads."""

    def __init__(self, data: bytes | bytearray, name: str = "disk.vmdk") -> None:
        self.data = bytes(data)
        self.name = name
        self.size = len(data)
        self.reads: list[tuple[int, int]] = []

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(f"{self.name}: {offset} + {length} is not inside {self.size}")
        self.reads.append((offset, length))
        return self.data[offset : offset + length]


class FileSource:
    """A source on a local disk."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self.name = path.name
        self.size = path.stat().st_size

    def __del__(self) -> None:
        os.close(self._descriptor)

    def read_at(self, offset: int, length: int) -> bytes:
        data = os.pread(self._descriptor, length, offset)
        if len(data) != length:
            raise SourceError(f"{self.name}: {offset} + {length} is not inside {self.size}")
        return data


class SparseDisk:
    """A disk with bytes at some places and zeros elsewhere; ranges may not touch."""

    def __init__(self, size: int, ranges: dict[int, bytes]) -> None:
        self.size = size
        self._ranges = sorted(ranges.items())

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        end = self.size if length is None else offset + length
        at = offset
        for start, data in self._ranges:
            first, last = max(start, offset), min(start + len(data), end)
            if first >= last:
                continue
            if first > at:
                yield Extent(at, first - at, ExtentKind.ZERO)
            yield Extent(first, last - first, ExtentKind.DATA)
            at = last
        if at < end:
            yield Extent(at, end - at, ExtentKind.ZERO)

    def read_at(self, offset: int, length: int) -> bytes:
        out = bytearray(length)
        for start, data in self._ranges:
            first, last = max(start, offset), min(start + len(data), offset + length)
            if first < last:
                out[first - offset : last - offset] = data[first - start : last - start]
        return bytes(out)


def scattered(size: int) -> SparseDisk:
    """Return a disk with up to twelve ranges of noise at sectors of its own."""
    chance = random.Random(size)
    starts = sorted(chance.sample(range(0, size, 512), min(12, size // 512)))
    return SparseDisk(
        size,
        {
            start: chance.randbytes(min(chance.randrange(1, 90_000), end - start))
            for start, end in zip(starts, [*starts[1:], size], strict=True)
        },
    )


def write_disk(writer: Writer, disk: Disk, out: BinaryIO, cuts: Sequence[int] = ()) -> None:
    """Write a disk in the slices between ``cuts``, the last slice first."""
    bounds = [0, *cuts, disk.size]
    slices = [(start, end - start) for start, end in pairwise(bounds)]
    bodies: list[list[tuple[int, bytes]]] = [[] for _ in slices]
    encoded: list[Encoded] = []
    for (offset, length), body in reversed(list(zip(slices, bodies, strict=True))):

        def put(at: int, data: bytes | memoryview, body: list[tuple[int, bytes]] = body) -> None:
            body.append((at, bytes(data)))

        encoded.insert(0, writer.encode(disk, offset, length, put))
    parts = list(arrange(writer, slices, encoded))
    for part, body in zip(parts, bodies, strict=True):
        for at, data in body:
            assert at + len(data) <= part.size
            out.seek(part.place + at)
            out.write(data)
    writer.finish(parts, out)


class _Artifact(io.BytesIO):
    """Grows when it is truncated behind its end, as files do."""

    def truncate(self, size: int | None = None, /) -> int:
        missing = (size or 0) - len(self.getbuffer())
        if missing > 0:
            self.seek(0, io.SEEK_END)
            self.write(bytes(missing))
        return super().truncate(size)


def written(writer: Writer, disk: Disk, cuts: Sequence[int] = ()) -> bytes:
    """Return the artifact of a disk."""
    out = _Artifact()
    write_disk(writer, disk, out, cuts)
    return out.getvalue()


def write_file(writer: Writer, disk: Disk, path: Path, cuts: Sequence[int] = ()) -> None:
    """Write the artifact of a disk."""
    with path.open("w+b") as out:
        write_disk(writer, disk, out, cuts)


def ignore(_at: int, _data: bytes | memoryview) -> None:
    """Take a body's bytes and forget them."""


def descriptor(create_type: str, sectors: int, extent: str = "") -> bytes:
    """Return a descriptor as VMware's tools write it."""
    return (
        '# Disk DescriptorFile\nversion=1\nencoding="UTF-8"\nCID=123a5678\n'
        f'parentCID=ffffffff\ncreateType="{create_type}"\n\n# Extent description\n'
        + (extent or f'RDONLY {sectors} SPARSE "generated-stream.vmdk"')
        + '\n\n#DDB\n\nddb.adapterType = "lsilogic"\nddb.uuid = "60 00 C2 9e"\n'
    ).encode()


def fill(number: int, grain: int = 65536) -> bytes:
    """Return a grain that deflates by half and tells its number."""
    return (struct.pack("<Q", number + 1) * 16 + os.urandom(64) * 2) * (grain // 256)


def stream_vmdk(
    grains: dict[int, bytes],
    sectors: int,
    *,
    grain: int = 128,
    entries: int = 512,
    version: int = 3,
    text: bytes = b"",
    level: int = 6,
) -> bytearray:
    """Return a streamOptimized VMDK with tables and footer at the end, as VMware writes it."""
    text = text or descriptor("streamOptimized", sectors)
    fields = [b"KDMV", version, 0x30001, sectors, grain, 1, 20, entries, 0, AT_END, 128, 0]
    out = bytearray(HEADER.pack(*fields, b"\n \r\n", 1) + text.ljust(20 * SECTOR, b"\0"))
    out = out.ljust(128 * SECTOR, b"\0")
    tables = -(-sectors // (grain * entries))
    directory = [0] * tables
    for index in range(tables):
        table = [0] * entries
        for number in sorted(grains):
            if number // entries == index:
                table[number % entries] = len(out) // SECTOR
                data = zlib.compress(grains[number], level)
                _append(out, struct.pack("<QI", number * grain, len(data)) + data)
        if any(table):
            data = struct.pack(f"<{entries}I", *table)
            _append(out, struct.pack("<QII", -(-len(data) // SECTOR), 0, 1))
            directory[index] = len(out) // SECTOR
            _append(out, data)
    data = struct.pack(f"<{tables}I", *directory)
    _append(out, struct.pack("<QII", -(-len(data) // SECTOR), 0, 2))
    fields[9] = len(out) // SECTOR
    _append(out, data)
    _append(out, struct.pack("<QII", 1, 0, 3))
    _append(out, HEADER.pack(*fields, b"\n \r\n", 1))
    _append(out, bytes(SECTOR))
    return out


def sparse_vmdk(
    grains: dict[int, bytes],
    sectors: int,
    *,
    grain: int = 128,
    entries: int = 512,
    zeroed: tuple[int, ...] = (),
    redundant: bool = True,
    text: bytes = b"",
) -> bytearray:
    """Return a monolithicSparse VMDK with both directories in front."""
    text = text or descriptor("monolithicSparse", sectors)
    tables = -(-sectors // (grain * entries))
    directory_sectors, table_sectors = -(-tables * 4 // SECTOR), -(-entries * 4 // SECTOR)
    copies = [21, 21 + directory_sectors + tables * table_sectors]
    first = -(-(copies[1] + copies[1] - 21) // grain) * grain
    places = {number: first + at * grain for at, number in enumerate(sorted(grains))}
    flags = 1 | (2 if redundant else 0) | (4 if zeroed else 0)
    fields = [b"KDMV", 2 if zeroed else 1, flags, sectors, grain, 1, 20, entries]
    fields += [copies[0] if redundant else 0, copies[1], first, 0]
    out = bytearray(HEADER.pack(*fields, b"\n \r\n", 0) + text.ljust(20 * SECTOR, b"\0"))
    for copy in copies:
        starts = [copy + directory_sectors + at * table_sectors for at in range(tables)]
        _append(out, struct.pack(f"<{tables}I", *starts))
        for index in range(tables):
            numbers = range(index * entries, (index + 1) * entries)
            table = [1 if n in zeroed else places.get(n, 0) for n in numbers]
            _append(out, struct.pack(f"<{entries}I", *table))
    out = out.ljust(first * SECTOR, b"\0")
    for number in sorted(grains):
        out += grains[number].ljust(grain * SECTOR, b"\0")
    return out


def _append(out: bytearray, data: bytes) -> None:
    out += data + bytes(-len(data) % SECTOR)


def read_all(disk: Disk, step: int = 3 * 1000 * 1000) -> bytes:
    """Return the whole disk, read in steps that fall on no boundary."""
    starts = range(0, disk.size, step)
    return b"".join(disk.read_at(at, min(step, disk.size - at)) for at in starts)


def samples() -> Path:
    """Return the folder of samples that other projects made."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("VMFERRY_TEST_DATA", beside))

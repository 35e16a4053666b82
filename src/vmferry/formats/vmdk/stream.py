# SPDX-License-Identifier: Apache-2.0
"""Reads a streamOptimized VMDK from its first byte to its last, for sources without ranges.

The grains of such a file say themselves where they belong, so a pipe is enough. A file that VMware
wrote ends with its tables, a footer and a marker; one that qemu-img wrote has its tables in front
and no end, so its grains are counted against them: a cut is found either way.

Source: VMware, Virtual Disk Format 5.0 (2011), "Stream-Optimized Compressed Sparse Extents".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vmferry.formats.vmdk.descriptor import check_descriptor, parse_descriptor
from vmferry.formats.vmdk.grains import deflated_limit, inflate
from vmferry.formats.vmdk.header import (
    AT_END,
    SparseHeader,
    check_agreement,
    check_fields,
)
from vmferry.formats.vmdk.markers import GRAIN_MARKER, MarkerKind, padding, unpack_marker
from vmferry.formats.vmdk.refusal import bad_grain, damaged, unsupported
from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmferry.formats.vmdk.descriptor import Descriptor

_SKIP: Final = MIB


class GrainStream:
    """A streamOptimized VMDK that arrives in order.

    Iterating yields the place on the disk and the bytes of every grain that is stored, in ascending
    order; what is not yielded is zero. It can be iterated once, in the memory of a grain and a
    chunk.

    Args:
        chunks: The file's bytes, in pieces of any size.

    Raises:
        FormatError: As for the random reader; also when the bytes end before the disk does.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._bytes = _Bytes(chunks)
        self._header = SparseHeader.unpack(self._bytes.take(SECTOR))
        check_fields(self._header)
        if not self._header.compressed:
            raise unsupported(
                "disk cannot be read as a stream",
                found="monolithicSparse",
                expected="streamOptimized",
            )
        self._bytes.skip_to(self._header.descriptor_offset * SECTOR, "descriptor")
        where = self._bytes.position
        text = self._bytes.take(self._header.descriptor_size * SECTOR)
        self._descriptor = parse_descriptor(text, where)
        check_descriptor(self._header, self._descriptor)
        self._grain = self._header.grain_size * SECTOR
        self._expected = self._count_in_front()
        self._bytes.skip_to(self._header.overhead * SECTOR, "first grain")

    @property
    def size(self) -> int:
        """The virtual size in bytes."""
        return self._header.capacity * SECTOR

    @property
    def descriptor(self) -> Descriptor:
        """What the embedded descriptor says."""
        return self._descriptor

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        count, after = 0, 0
        ended = footer = False
        while not ended and (self._expected is None or not self._bytes.at_end()):
            where = self._bytes.position
            sector = self._bytes.take(SECTOR)
            value, size, kind = unpack_marker(sector)
            if size:
                data = self._read_grain(sector, size, where)
                offset = self._place(value, after, where)
                after, count = value + 1, count + 1
                yield offset, self._inflate(data, offset, where)
            elif kind == MarkerKind.END_OF_STREAM:
                ended = True
            else:
                footer |= kind == MarkerKind.FOOTER
                self._pass_metadata(kind, value, where)
        self._check_end(count, footer=footer)

    def _read_grain(self, sector: bytes, size: int, where: int) -> bytes:
        if size > deflated_limit(self._grain):
            found, expected = f"{size} bytes", f"at most {deflated_limit(self._grain)}"
            raise bad_grain("marker", where, found=found, expected=expected)
        head = sector[GRAIN_MARKER.size :]
        if size <= len(head):
            return head[:size]
        rest = size - len(head)
        return (head + self._bytes.take(rest + len(padding(rest))))[:size]

    def _place(self, sector: int, after: int, where: int) -> int:
        """Return the byte on the disk of the grain that a marker at ``where`` announces."""
        if sector < after or sector % self._header.grain_size or sector >= self._header.capacity:
            raise bad_grain(
                "marker",
                where,
                found=f"sector {sector}",
                expected=f"a grain's first sector from {after} to {self._header.capacity}",
            )
        return sector * SECTOR

    def _inflate(self, data: bytes, offset: int, where: int) -> bytes:
        needed = min(self._grain, self.size - offset)
        return bytes(inflate(data, self._grain, needed, where + GRAIN_MARKER.size)[:needed])

    def _pass_metadata(self, kind: int, sectors: int, where: int) -> None:
        """Go past a table or the directory; compare the footer."""
        lengths: dict[int, int] = {
            MarkerKind.GRAIN_TABLE: self._header.table_sectors,
            MarkerKind.GRAIN_DIRECTORY: self._header.directory_sectors,
            MarkerKind.FOOTER: 1,
        }
        if lengths.get(kind) != sectors:
            raise damaged("marker", where, found=f"kind {kind} of {sectors} sectors")
        if kind == MarkerKind.FOOTER:
            where += SECTOR
            footer = SparseHeader.unpack(self._bytes.take(SECTOR), where)
            check_agreement(self._header, footer, where)
        else:
            self._bytes.skip_to(self._bytes.position + sectors * SECTOR, "metadata")

    def _count_in_front(self) -> int | None:
        """Return how many grains the tables in front have, or ``None`` if they are at the end."""
        if self._header.directory_offset == AT_END:
            return None
        self._bytes.skip_to(self._header.directory_offset * SECTOR, "grain directory")
        count = 0
        for place in sorted(filter(None, self._take_entries(self._header.tables))):
            self._bytes.skip_to(place * SECTOR, "grain table")
            entries = self._take_entries(self._header.table_entries)
            count += sum(entry > 1 for entry in entries)
        return count

    def _take_entries(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self._bytes.take(count * 4))

    def _check_end(self, count: int, *, footer: bool) -> None:
        where = self._bytes.position
        if self._expected is None and not footer:
            raise damaged("end of stream", where, found="no footer", expected="a footer before it")
        if self._expected is not None and count != self._expected:
            expected = f"{self._expected} as the tables say"
            raise damaged("end of stream", where, found=f"{count} grains", expected=expected)


class _Bytes:
    """Chunks as one sequence of bytes that is taken from the front."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = bytearray()
        self.position = 0

    def at_end(self) -> bool:
        """Say whether there is nothing more to take."""
        return not self._fill(1)

    def take(self, length: int) -> bytes:
        """Return the next ``length`` bytes."""
        if not self._fill(length):
            raise damaged(
                "stream",
                self.position,
                found=f"its end after {len(self._buffer)} bytes",
                expected=f"{length} bytes",
            )
        data = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        self.position += length
        return data

    def skip_to(self, position: int, what: str) -> None:
        """Go forward to ``position``."""
        if position < self.position:
            raise damaged(
                what, position, found="behind what was read", expected=f"after {self.position}"
            )
        while self.position < position:
            self.take(min(_SKIP, position - self.position))

    def _fill(self, length: int) -> bool:
        while len(self._buffer) < length:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._buffer += chunk
        return True

# SPDX-License-Identifier: Apache-2.0
"""Reads a streamOptimized or monolithicSparse VMDK at random.

Grains that stand near each other are fetched by one read of the source: over HTTP a request costs
tens of milliseconds, a grain's inflation a tenth of one.

Source: VMware, Virtual Disk Format 5.0 (2011).
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from vmferry.formats._extents import joined
from vmferry.formats.vmdk.descriptor import check_descriptor, parse_descriptor
from vmferry.formats.vmdk.grains import deflated_limit, inflate
from vmferry.formats.vmdk.header import read_header
from vmferry.formats.vmdk.markers import GRAIN_MARKER
from vmferry.formats.vmdk.refusal import bad_grain, damaged
from vmferry.formats.vmdk.tables import GrainTables
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.formats.vmdk.descriptor import Descriptor
    from vmferry.formats.vmdk.header import SparseHeader
    from vmferry.model.bytes import ByteSource

_MOST: Final = 4 * MIB
"""Bytes of one read of the source."""


def read_layout(source: ByteSource) -> tuple[SparseHeader, Descriptor]:
    """Return header and descriptor, checked, of a VMDK that can be read."""
    header = read_header(source)
    where = header.descriptor_offset * SECTOR
    descriptor = parse_descriptor(source.read_at(where, header.descriptor_size * SECTOR), where)
    check_descriptor(header, descriptor)
    return header, descriptor


def check_layout(source: ByteSource) -> None:
    """Refuse a disk of several extents, with a parent, on a device, or whose headers disagree."""
    read_layout(source)


class VmdkReader:
    """A VMDK of one sparse file.

    Args:
        source: The file.

    Raises:
        FormatError: It is another kind of VMDK, or its metadata is damaged.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._header, self._descriptor = read_layout(source)
        self._tables = GrainTables(source, self._header)
        self._grain = self._header.grain_size * SECTOR
        self._per_table = self._header.table_entries
        self._zeros = bytes(self._grain)

    @property
    def size(self) -> int:
        """The virtual size in bytes."""
        return self._header.capacity * SECTOR

    @property
    def create_type(self) -> str:
        """``streamOptimized``, the only kind that AWS takes, or ``monolithicSparse``."""
        return self._descriptor.create_type

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the owner should know though the disk can be read."""
        unclean = "vmdk: the unclean-shutdown flag is set: the disk was open when it was copied"
        return (*([unclean] if self._header.unclean else []), *self._tables.warnings)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of, grain by grain as the tables say."""
        length = self.size - offset if length is None else length
        self._check_range(offset, length)
        if length:
            yield from joined(self._runs(offset, offset + length))

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the disk."""
        self._check_range(offset, length)
        if not length:
            return b""
        if not self._header.compressed:
            return b"".join(self._plain(offset, offset + length))
        first, last = offset // self._grain, -(-(offset + length) // self._grain)
        pieces: list[bytes | bytearray] = []
        for start, entries, count in self._spans(first, last):
            if entries is None:
                pieces.extend([self._zeros] * count)
            else:
                self._read_deflated(start, entries, pieces)
        skip = offset - first * self._grain
        if len(pieces) == 1:
            return bytes(memoryview(pieces[0])[skip : skip + length])
        if skip:
            pieces[0] = pieces[0][skip:]
        data = b"".join(pieces)
        return data if len(data) == length else data[:length]

    def _check_range(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            found = f"{offset} + {length} bytes"
            raise damaged("range", found=found, expected=f"inside {self.size} bytes")

    def _spans(self, first: int, last: int) -> Iterator[tuple[int, Sequence[int] | None, int]]:
        """Yield first grain, table entries and count of grains, one grain table at a time."""
        while first < last:
            index, skip = divmod(first, self._per_table)
            count = min(self._per_table - skip, last - first)
            table = self._tables.table(index)
            if table is None:  # 64 TiB of nothing have two million tables
                index = self._tables.next_table(index + 1, -(-last // self._per_table))
                count = min(index * self._per_table, last) - first
            yield first, None if table is None else table[skip : skip + count], count
            first += count

    def _runs(self, offset: int, end: int) -> Iterator[tuple[int, int, ExtentKind]]:
        grain, zero = self._grain, self._tables.zero_mark
        for first, entries, count in self._spans(offset // grain, -(-end // grain)):
            runs = [(False, count)]
            if entries is not None:
                marks = groupby(entry > zero for entry in entries)
                runs = [(stored, len(list(run))) for stored, run in marks]
            at = first
            for stored, grains in runs:
                start, stop = max(at * grain, offset), min((at + grains) * grain, end)
                yield start, stop, ExtentKind.DATA if stored else ExtentKind.ZERO
                at += grains

    def _plain(self, offset: int, end: int) -> Iterator[bytes]:
        """Yield the bytes ``offset`` … ``end`` of a monolithicSparse file.

        No more is read than was asked for: a grain may have 16 MiB.
        """
        grain, zero = self._grain, self._tables.zero_mark
        for first, entries, count in self._spans(offset // grain, -(-end // grain)):
            at = 0
            while at < count:
                place = 0 if entries is None else entries[at]
                run = count - at if entries is None else self._run(entries, at)
                start = max((first + at) * grain, offset)
                stop = min((first + at + run) * grain, end)
                at += run
                if place <= zero:
                    yield self._zeros[: stop - start] if run == 1 else bytes(stop - start)
                    continue
                where = place * SECTOR + start % grain
                if where + stop - start > self._source.size:
                    raise bad_grain("beyond the end of the file", place * SECTOR)
                yield self._source.read_at(where, stop - start)

    def _run(self, entries: Sequence[int], at: int) -> int:
        """Return how many grains from ``at`` on are zeros, or can be fetched by one read."""
        place, zero, run = entries[at], self._tables.zero_mark, 1
        if place <= zero:
            while at + run < len(entries) and entries[at + run] <= zero:
                run += 1
            return run
        most = min(max(_MOST // self._grain, 1), len(entries) - at)
        while run < most and entries[at + run] == place + run * self._header.grain_size:
            run += 1
        return run

    def _read_deflated(
        self, first: int, entries: Sequence[int], pieces: list[bytes | bytearray]
    ) -> None:
        """Append the grains ``first`` … of a streamOptimized file."""
        at, count, zero = 0, len(entries), self._tables.zero_mark
        while at < count:
            if entries[at] <= zero:
                pieces.append(self._zeros)
                at += 1
                continue
            stop, end = self._near(first, entries, at)
            start = entries[at] * SECTOR
            chunk = memoryview(self._source.read_at(start, end - start))
            for number in range(at, stop):
                place = entries[number] * SECTOR
                pieces.append(
                    self._inflate(chunk, place - start, first + number, place)
                    if place
                    else self._zeros
                )
            at = stop

    def _near(self, first: int, entries: Sequence[int], at: int) -> tuple[int, int]:
        """Return where the grains that one read can fetch stop, and the read's last byte."""
        last = entries[at]
        limit, gap = last + _MOST // SECTOR, 2 * self._header.grain_size + 16
        stop = at + 1
        for number in range(at + 1, len(entries)):
            place = entries[number]
            if place <= self._tables.zero_mark:
                continue
            if not last < place <= min(limit, last + gap):
                break
            last, stop = place, number + 1
        else:
            place = self._following(first + len(entries))
        tail = place if last < place <= last + gap else last + self._header.grain_size + 2
        return stop, min(tail * SECTOR, self._source.size)

    def _following(self, number: int) -> int:
        """Return where the next grain stands that its table has from ``number`` on, or 0.

        What was asked for may end before the table does, and most grains are half as long deflated.
        """
        index, at = divmod(number, self._per_table)
        table = self._tables.table(index) if at else None
        return next((entry for entry in (table or ())[at:] if entry > self._tables.zero_mark), 0)

    def _inflate(self, chunk: memoryview, at: int, number: int, where: int) -> bytes | bytearray:
        """Return grain ``number``, whose marker is at ``at`` of ``chunk``."""
        if where + GRAIN_MARKER.size > self._source.size:
            raise bad_grain("beyond the end of the file", where)
        sector, length = GRAIN_MARKER.unpack_from(chunk, at)
        if sector != number * self._header.grain_size:
            raise bad_grain(
                "marker", where, found=f"sector {sector}", expected=number * self._header.grain_size
            )
        start = where + GRAIN_MARKER.size
        if not 0 < length <= deflated_limit(self._grain) or start + length > self._source.size:
            raise bad_grain("marker", where, found=f"{length} bytes", expected="inside the file")
        data = chunk[at + GRAIN_MARKER.size :][:length]
        if len(data) < length:  # entries that do not ascend, or an encoder that grew the grain
            data = memoryview(self._source.read_at(start, length))
        needed = min(self._grain, self.size - number * self._grain)
        return inflate(data, self._grain, needed, start)

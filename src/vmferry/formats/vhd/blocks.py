# SPDX-License-Identifier: Apache-2.0
"""The blocks of a dynamic disk: extents by the table, bytes by the table and the sector bitmaps.

A sector whose bit is 0 was never written and reads as zeros, whatever stands in its place. Extents
go by the table alone: bitmaps stand in front of their blocks, all over the file, and asking a
bucket for each of them costs more than reading zeros.

Blocks that stand one behind the other are fetched by one read of the source, bitmaps and all.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006), "Data Blocks": the most
significant bit of the bitmap's first byte is the block's first sector.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import groupby
from typing import TYPE_CHECKING, Final

from vmferry.formats._extents import joined
from vmferry.formats.vhd.table import UNUSED, BlockAllocationTable
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import KIB, MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.formats.vhd.footers import FoundFooter
    from vmferry.formats.vhd.header import DynamicHeader
    from vmferry.model.bytes import ByteSource

_MOST: Final = 4 * MIB
"""Bytes of one read of the source, unless one block has more."""

_NEAR: Final = 256 * KIB
"""A bitmap that is not known is read along with bytes that stand this near behind it."""

_KEPT: Final = 16 * MIB
"""Bits of bitmaps in memory, a byte each."""


class DynamicBlocks:
    """What a dynamic disk stores.

    Args:
        source: The file.
        found: Its footer.
        header: Its dynamic header, checked.
    """

    def __init__(self, source: ByteSource, found: FoundFooter, header: DynamicHeader) -> None:
        self._source = source
        self._block = header.block_size
        self._bitmap = header.bitmap_size
        self._stride = header.bitmap_size + header.block_size
        self._sectors = -(-header.block_size // SECTOR)
        self._table = BlockAllocationTable(source, found, header)
        self._bits: OrderedDict[int, str] = OrderedDict()

    def extents(self, offset: int, end: int) -> Iterator[Extent]:
        """Yield what ``offset`` … ``end`` is made of, by whole blocks."""
        yield from joined(self._runs(offset, end))

    def read(self, offset: int, end: int) -> bytes:
        """Return the bytes ``offset`` … ``end``."""
        pieces: list[bytes | memoryview | bytearray] = []
        last = -(-end // self._block)
        for first, entries, count in self._table.spans(offset // self._block, last):
            at = 0
            while at < count:
                run = count if entries is None else self._run(entries, at)
                start = max((first + at) * self._block, offset)
                stop = min((first + at + run) * self._block, end)
                if entries is None or entries[at] == UNUSED:
                    pieces.append(bytes(stop - start))
                else:
                    self._read_run(first + at, entries[at], start, stop, pieces)
                at += run
        return b"".join(pieces)

    def _runs(self, offset: int, end: int) -> Iterator[tuple[int, int, ExtentKind]]:
        last = -(-end // self._block)
        for first, entries, count in self._table.spans(offset // self._block, last):
            runs = [(False, count)]
            if entries is not None:
                marks = groupby(entry != UNUSED for entry in entries)
                runs = [(stored, len(list(run))) for stored, run in marks]
            at = first
            for stored, blocks in runs:
                start, stop = max(at * self._block, offset), min((at + blocks) * self._block, end)
                yield start, stop, ExtentKind.DATA if stored else ExtentKind.ZERO
                at += blocks

    def _run(self, entries: Sequence[int], at: int) -> int:
        """Return how many blocks from ``at`` on one read can fetch."""
        place = entries[at]
        step = 0 if place == UNUSED else self._stride // SECTOR
        left = len(entries) - at
        most = left if place == UNUSED else min(max(_MOST // self._block, 1), left)
        run = 1
        while run < most and entries[at + run] == place + run * step:
            run += 1
        return run

    def _read_run(
        self,
        block: int,
        place: int,
        start: int,
        stop: int,
        pieces: list[bytes | memoryview | bytearray],
    ) -> None:
        """Append ``start`` … ``stop`` of the disk, whose first block ``block`` is at ``place``."""
        base, inside = place * SECTOR, start - block * self._block
        if block not in self._bits and inside > _NEAR:
            self._keep(block, self._source.read_at(base, self._bitmap))
        begin = base + (self._bitmap + inside if block in self._bits else 0)
        past, rest = divmod(stop - 1 - block * self._block, self._block)
        finish = base + past * self._stride + self._bitmap + rest + 1
        data = memoryview(self._source.read_at(begin, finish - begin))
        for number in range(past + 1):
            bitmap = base + number * self._stride - begin
            if block + number not in self._bits:
                self._keep(block + number, data[bitmap : bitmap + self._bitmap])
            skip = inside if number == 0 else 0
            stored = data[max(bitmap + self._bitmap + skip, 0) : bitmap + self._stride]
            pieces.append(_written(self._bits[block + number], skip, stored))

    def _keep(self, block: int, bitmap: bytes | memoryview) -> None:
        """Remember which sectors of a block were written; all of them is ``""``."""
        bits = f"{int.from_bytes(bitmap):0{len(bitmap) * 8}b}"[: self._sectors]
        self._bits[block] = bits if "0" in bits else ""
        if len(self._bits) > max(_KEPT // self._sectors, 8):
            self._bits.popitem(last=False)


def _written(bits: str, skip: int, stored: memoryview) -> memoryview | bytearray:
    """Return the bytes of a block from ``skip`` on, with zeros where nothing was written."""
    if not bits:
        return stored
    data, length = bytearray(stored), len(stored)
    at = bits.find("0", skip // SECTOR)
    while at != -1 and at * SECTOR < skip + length:
        end = bits.find("1", at)
        end = len(bits) if end == -1 else end
        start, stop = max(at * SECTOR - skip, 0), min(end * SECTOR - skip, length)
        data[start:stop] = bytes(stop - start)
        at = bits.find("0", end)
    return data

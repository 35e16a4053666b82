# SPDX-License-Identifier: Apache-2.0
"""The block allocation table: where each block of a dynamic disk stands in the file.

It is read in pages when they are needed, and pages are forgotten again: a disk of 2 TiB has 4 MiB
of table, one that says it has tiny blocks as much as it likes. A page is checked when it is read:
its blocks lie inside the file, apart from the headers and from one another. Blocks of two pages are
not compared: what is read twice harms nobody.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006), "Block Allocation
Table". Entries are u32, big-endian, in sectors from the start of the file to the block's bitmap; -1
means that there is no block.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from vmferry.formats.vhd.footer import LENGTH
from vmferry.formats.vhd.header import HEADER_LENGTH
from vmferry.formats.vhd.refusal import damaged
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.formats.vhd.footers import FoundFooter
    from vmferry.formats.vhd.header import DynamicHeader
    from vmferry.model.bytes import ByteSource

UNUSED: Final = 0xFFFFFFFF

_PAGE: Final = 32768
"""Entries that are read at once: 128 KiB, the blocks of 64 GiB of disk as a rule."""

_KEPT: Final = 64
"""Pages in memory: 8 MiB."""


class BlockAllocationTable:
    """The table of one file, read on demand.

    Args:
        source: The file.
        found: Its footer.
        header: Its dynamic header, checked.
    """

    def __init__(self, source: ByteSource, found: FoundFooter, header: DynamicHeader) -> None:
        self._source = source
        self._header = header
        self._size = found.footer.virtual_size
        self._end = found.end
        self._blocks = -(-self._size // header.block_size)
        self._stride = header.bitmap_size + header.block_size
        self._taken = (
            range(LENGTH),
            range(found.footer.data_offset, found.footer.data_offset + HEADER_LENGTH),
            range(header.table_offset, header.table_offset + self._blocks * 4),
        )
        self._kept: OrderedDict[int, array[int] | None] = OrderedDict()

    def spans(self, first: int, last: int) -> Iterator[tuple[int, Sequence[int] | None, int]]:
        """Yield first block, entries and count for the blocks ``first`` … ``last``, by pages.

        The entries are ``None`` where no block of the page is stored.

        Raises:
            FormatError: A block lies outside the file or on something else.
        """
        while first < last:
            number, skip = divmod(first, _PAGE)
            count = min(_PAGE - skip, last - first)
            page = self._page(number)
            yield first, None if page is None else page[skip : skip + count], count
            first += count

    def _page(self, number: int) -> array[int] | None:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        first = number * _PAGE
        count = min(_PAGE, self._blocks - first)
        where = self._header.table_offset + first * 4
        data = self._source.read_at(where, count * 4)
        page = None if data == b"\xff" * len(data) else _entries(data)
        if page is not None and (problem := self._problem(page, first)):
            raise damaged(f"block allocation table from block {first}", where, found=problem)
        self._kept[number] = page
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return page

    def _problem(self, page: array[int], first: int) -> str:
        """Return what is wrong with the entries of block ``first`` and those after it, if any."""
        used = sorted(entry for entry in page if entry != UNUSED)
        if not used:
            return ""
        if any((after - before) * SECTOR < self._stride for before, after in pairwise(used)):
            return "blocks that overlap"
        for taken in self._taken:
            before = bisect_left(used, -(-taken.stop // SECTOR)) - 1
            if before >= 0 and used[before] * SECTOR + self._stride > taken.start:
                return f"a block at sector {used[before]}, on the bytes {taken.start} and following"
        highest = used[-1]  # the others end before it begins
        if highest * SECTOR + self._length(first + page.index(highest)) > self._end:
            return f"a block at sector {highest}, beyond the end of the blocks at {self._end}"
        return ""

    def _length(self, block: int) -> int:
        """Return bytes of bitmap and block that the disk needs: fewer of its last block."""
        inside = min(self._header.block_size, self._size - block * self._header.block_size)
        return self._header.bitmap_size + inside


def _entries(data: bytes) -> array[int]:
    entries = array("I", data)
    if sys.byteorder == "little":
        entries.byteswap()
    return entries

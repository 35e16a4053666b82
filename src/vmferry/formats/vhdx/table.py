# SPDX-License-Identifier: Apache-2.0
"""The block allocation table: where each payload block is.

A table can have 64 Mi entries, so it is read a page at a time and few pages are kept. Entries of
sector bitmaps, which only differencing disks use, stand between those of payload blocks; QEMU
before 8.0 leaves rubbish in them (its issue 727), so they are not looked at.

Source: [MS-VHDX] 2.5 "BAT".

    Bits     Name
     0 to 2  state
    20 to 63 file offset in MiB

    State  Name                 A reader returns
    0      NOT_PRESENT          zeros
    1      UNDEFINED            zeros
    2      ZERO                 zeros
    3      UNMAPPED             zeros
    6      FULLY_PRESENT        the block
    7      PARTIALLY_PRESENT    refused: only a differencing disk has it
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.formats.vhdx.refusal import damaged
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.formats.vhdx.metadata import Metadata
    from vmferry.formats.vhdx.regions import Regions
    from vmferry.model.bytes import ByteSource

ZERO: Final = 2
FULLY_PRESENT: Final = 6

_ENTRIES: Final = 8192
"""Payload blocks of one page, unless a chunk has more: 64 KiB of the file."""

_KEPT: Final = 64
_BAD: Final = 2
_KINDS: Final = bytes([0, 0, 0, 0, _BAD, _BAD, 1, _BAD] * 32)
"""By the first byte of an entry: whether the block is stored."""

_PLACE: Final = 20


class Page(NamedTuple):
    """A part of the table that has a stored block.

    Attributes:
        stored: One byte per payload block: 1 if it is in the file, 0 if it is zeros.
        entries: The entries, as they are in the file.
    """

    stored: bytes
    entries: array[int]


class BlockTable:
    """The table of one file, read on demand.

    Args:
        source: The file, its log replayed.
        regions: Where the table is, and where no block may be.
        metadata: How many blocks there are.

    Raises:
        FormatError: The region is too small for the disk.
    """

    def __init__(self, source: ByteSource, regions: Regions, metadata: Metadata) -> None:
        needed = metadata.table_entries * 8
        if needed > regions.bat.length:
            raise damaged(
                "block allocation table",
                regions.bat.offset,
                found=f"{regions.bat.length} bytes",
                expected=f"at least {needed}",
            )
        self.page_blocks = max(_ENTRIES, metadata.chunk_blocks)
        self._source = source
        self._regions = regions
        self._metadata = metadata
        self._starts = [region.offset for region in regions.taken]
        self._kept: OrderedDict[int, Page | None] = OrderedDict()

    def page(self, index: int) -> Page | None:
        """Return page ``index``, or ``None`` if none of its blocks is stored.

        Raises:
            FormatError: A block has no valid state, is outside the file, or lies over another.
        """
        if index in self._kept:
            return self._kept[index]
        page = self._load(index)
        self._kept[index] = page
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return page

    def place(self, block: int) -> int | None:
        """Return the place of a block in the file, or ``None`` if it is zeros."""
        index, number = divmod(block, self.page_blocks)
        page = self.page(index)
        if page is None or not page.stored[number]:
            return None
        return _place(page.entries[number])

    def _load(self, index: int) -> Page | None:
        chunk, first = self._metadata.chunk_blocks, index * self.page_blocks
        count = min(self.page_blocks, self._metadata.blocks - first)
        where = self._regions.bat.offset + (first + first // chunk) * 8
        entries = array("Q", self._source.read_at(where, (count + (count - 1) // chunk) * 8))
        del entries[chunk :: chunk + 1]
        stored = entries.tobytes()[::8].translate(_KINDS)
        if (at := stored.find(_BAD)) >= 0:
            state = entries.tobytes()[at * 8] & 7
            raise damaged(f"block {first + at}", where, found=f"state {state}")
        if not any(stored):
            return None
        if sys.byteorder == "big":
            entries.byteswap()
        self._check(first, stored, entries, where)
        return Page(stored, entries)

    def _check(self, first: int, stored: bytes, entries: array[int], where: int) -> None:
        size, last = self._metadata.block_size, self._metadata.blocks - 1
        places = sorted(_place(entry) for entry, kind in zip(entries, stored, strict=True) if kind)
        for place in places:
            at = bisect_right(self._starts, place)
            under, over = self._regions.taken[at - 1], self._starts[at : at + 1]
            if place < under.end or (over and place + size > over[0]):
                raise damaged(
                    "payload block", place, found=f"it lies over the {under.name} or behind"
                )
        if any(after - before < size for before, after in pairwise(places)):
            raise damaged("block allocation table", where, found="blocks that overlap")
        end = places[-1] + size
        if first <= last < first + len(stored) and stored[last - first]:
            tail = _place(entries[last - first])
            if tail == places[-1]:  # of the last block only what the disk needs must be there
                end = tail + self._metadata.size - last * size
        if end > self._source.size:
            raise damaged(
                "payload block",
                places[-1],
                found=f"its end at {end}",
                expected=f"inside {self._source.size} bytes",
            )


def _place(entry: int) -> int:
    return (entry >> _PLACE) * MIB

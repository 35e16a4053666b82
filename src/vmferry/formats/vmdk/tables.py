# SPDX-License-Identifier: Apache-2.0
"""Grain directory and grain tables: where each grain of the disk stands in the file.

The directory has an entry per grain table (one for 32 MiB of disk, as a rule) and is kept whole;
the tables are read when they are needed and forgotten again, so memory does not grow with the disk.

Source: VMware, Virtual Disk Format 5.0 (2011), "Grain Directory" and "Grain Table". Entries are
u32, little-endian, in sectors from the start of the file; 0 means that there is nothing, 1 a grain
of zeros if the header's flag says so.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.formats.vmdk.header import ZEROED_GRAINS, check_directory
from vmferry.formats.vmdk.refusal import damaged
from vmferry.units import KIB, SECTOR

if TYPE_CHECKING:
    from vmferry.formats.vmdk.header import SparseHeader
    from vmferry.model.bytes import ByteSource

_SET: Final = re.compile(rb"[^\0]")
_KEPT: Final = 1024
"""Tables in memory: 2 MiB of hosted tables, 16 MiB of the largest ones."""

_WARNINGS: Final = 20
_AHEAD: Final = 128 * KIB
"""Bytes of tables in one read where they stand side by side, as in a monolithicSparse file."""


class GrainTables:
    """The tables of one file, read on demand; the redundant copy stands in for damaged ones.

    Args:
        source: The file.
        header: Its header, with the real place of the directory.
    """

    def __init__(self, source: ByteSource, header: SparseHeader) -> None:
        self.zero_mark = 1 if header.flags & ZEROED_GRAINS else 0
        self.warnings: list[str] = []
        self._source = source
        self._header = header
        self._blank = bytes(header.table_entries * 4)
        self._kept: OrderedDict[int, array[int] | None] = OrderedDict()
        self._directories = self._read_directories()

    def table(self, index: int) -> array[int] | None:
        """Return the entries of table ``index``, or ``None`` if there is no grain in it.

        An entry above ``zero_mark`` is a place inside the file; any other is a grain of zeros.

        Raises:
            FormatError: An entry lies outside the file, in every copy of the table.
        """
        if index in self._kept:
            return self._kept[index]
        primary, *redundant = self._directories
        if not primary[index]:
            return None
        try:
            return self._load(primary, index)
        except FormatError as error:
            if not redundant or not redundant[0][index]:
                raise
            table = self._load(redundant[0], index)
            self._warn(f"{error.message}; the redundant table was used")
            return table

    def next_table(self, index: int, end: int) -> int:
        """Return the first table from ``index`` that the directory has, or ``end``."""
        found = _SET.search(memoryview(self._directories[0]).cast("B"), index * 4, end * 4)
        return found.start() // 4 if found else end

    def _warn(self, text: str) -> None:
        if text not in self.warnings and len(self.warnings) < _WARNINGS:
            self.warnings.append(text)

    def _read_directories(self) -> list[array[int]]:
        places = [self._header.directory_offset]
        if self._header.redundant:
            places.append(self._header.redundant_offset)
        found = []
        for number, place in enumerate(places, 1):
            try:
                found.append(self._read_directory(place))
            except FormatError as error:
                if number == len(places) and not found:
                    raise
                self._warn(f"{error.message}; the other copy is used")
        return found

    def _read_directory(self, place: int) -> array[int]:
        check_directory(self._header, place, self._source.size)
        entries = _entries(self._source.read_at(place * SECTOR, self._header.tables * 4))
        sectors = self._header.table_sectors
        if (len(entries) - entries.count(0) - 1) * sectors * SECTOR >= self._source.size:
            # Before they are listed: a hostile directory of 8 MiB made a list of 70.
            raise damaged("grain directory", place * SECTOR, found="tables that overlap")
        used = sorted(filter(None, entries))
        last = self._source.size - self._header.table_entries * 4
        if used and (used[0] < 2 or used[-1] * SECTOR > last):
            raise damaged(
                "grain directory",
                place * SECTOR,
                found=f"tables at sectors {used[0]} to {used[-1]}",
                expected=f"inside {self._source.size} bytes",
            )
        if any(after - before < sectors for before, after in pairwise(used)):
            raise damaged("grain directory", place * SECTOR, found="tables that overlap")
        return entries

    def _load(self, directory: array[int], index: int) -> array[int] | None:
        """Read table ``index`` and those that stand right behind it."""
        header, first = self._header, directory[index]
        step, length = header.table_sectors, header.table_entries * 4
        most = min(max(_AHEAD // (step * SECTOR), 1), len(directory) - index)
        count = 1
        while count < most and directory[index + count] == first + count * step:
            count += 1
        data = self._source.read_at(first * SECTOR, (count - 1) * step * SECTOR + length)
        for number in reversed(range(count)):
            start = number * step * SECTOR
            stored = data[start : start + length]
            table = None if stored == self._blank else _entries(stored)
            if table is not None and (problem := self._problem(table)):
                if number:
                    continue  # it is reported when it is asked for
                raise damaged(f"grain table {index}", first * SECTOR, found=problem)
            self._keep(index + number, table)
        return self._kept[index]

    def _keep(self, index: int, table: array[int] | None) -> None:
        self._kept[index] = table
        self._kept.move_to_end(index)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def _problem(self, table: array[int]) -> str:
        """Return what is wrong with the entries, or nothing."""
        used = sorted(entry for entry in table if entry > self.zero_mark)
        if not used:
            return ""
        if used[0] < 2 or used[-1] * SECTOR >= self._source.size:
            return (
                f"grains at sectors {used[0]} to {used[-1]} in a file of {self._source.size} bytes"
            )
        apart = 1 if self._header.compressed else self._header.grain_size
        if any(after - before < apart for before, after in pairwise(used)):
            return "grains that overlap"
        return ""


def _entries(data: bytes) -> array[int]:
    entries = array("I", data)
    if sys.byteorder == "big":
        entries.byteswap()
    return entries

# SPDX-License-Identifier: Apache-2.0
"""L1 and L2 tables: where each cluster of the disk stands in the file.

The L1 table has an entry per L2 table (one for 512 MiB of disk, as a rule) and is kept whole; L2
tables are read when they are needed and forgotten again, so memory does not grow with the disk.

Source: QEMU ``docs/interop/qcow2.txt``, "Cluster mapping". Entries are u64, big-endian.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import OrderedDict
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.formats.qcow2.clusters import COMPRESSED, PLACE, RESERVED, ZERO, compressed_span
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.formats.qcow2.header import Header
    from vmferry.model.bytes import ByteSource

_KEPT: Final = 16 * MIB
"""Bytes of L2 tables in memory: 128 GiB of disk in clusters of 64 KiB."""

_COPIED: Final = 1 << 63
_SET: Final = re.compile(rb"[^\0]")
_L1_RESERVED: Final = ~(_COPIED | PLACE) & ((1 << 64) - 1)


class ClusterTables:
    """The tables of one file, read on demand.

    Args:
        source: The file.
        header: Its header, checked.

    Raises:
        FormatError: The L1 table places an L2 table outside the file, or two at one place.
    """

    def __init__(self, source: ByteSource, header: Header) -> None:
        self._source = source
        self._header = header
        self._most = max(_KEPT // header.cluster, 1)
        self._kept: OrderedDict[int, array[int] | None] = OrderedDict()
        self._reserved = RESERVED if header.version > 2 else RESERVED | ZERO
        self._l1 = self._read_l1()

    def table(self, index: int) -> array[int] | None:
        """Return the entries of L2 table ``index``, or ``None`` if it has no cluster.

        An entry is 0 for zeros, has ``COMPRESSED`` as it is in the file, or is a place in it.

        Raises:
            FormatError: An entry lies outside the file, has unknown bits, or two are the same.
        """
        place = self._l1[index]
        if not place:
            return None
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        table = self._load(index, place)
        self._kept[index] = table
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return table

    def next_table(self, index: int, end: int) -> int:
        """Return the first L1 entry from ``index`` that is used, or ``end``."""
        found = _SET.search(memoryview(self._l1).cast("B"), index * 8, end * 8)
        return found.start() // 8 if found else end

    def _read_l1(self) -> array[int]:
        header = self._header
        if not header.l1_needed:  # then its place, which may be anywhere, was not looked at
            return array("Q")
        data = self._source.read_at(header.l1_offset, header.l1_needed * 8)
        if not any(data):
            return array("Q", data)
        places = _entries(data)
        if (len(places) - places.count(0)) * header.cluster > self._source.size:
            raise self._twice("L1 table", header.l1_offset)  # before a list of them is made
        if reduce(or_, places) & _L1_RESERVED:
            raise FormatError("qcow2: L1 table", where=header.l1_offset, found="unknown bits")
        places = array("Q", map(PLACE.__and__, places))
        used = list(filter(None, places))
        self._check_places("L1 table", header.l1_offset, used, self._source.size - header.cluster)
        return places

    def _load(self, index: int, place: int) -> array[int] | None:
        data = self._source.read_at(place, self._header.cluster)
        if not any(data):
            return None
        name, entries = f"L2 table {index}", _entries(data)
        if reduce(or_, entries) & (COMPRESSED | ZERO | self._reserved):
            used = self._normalise(entries, name, place)
        else:
            entries = array("Q", [entry & PLACE for entry in entries])
            used = [entry for entry in entries if entry]
        self._check_places(name, place, used, self._source.size - 1)
        return entries if any(entries) else None

    def _normalise(self, entries: array[int], name: str, where: int) -> list[int]:
        """Bring ``entries`` into the form that ``table`` promises; return the plain places."""
        packed, used = set[int](), []
        for number, entry in enumerate(entries):
            if entry & COMPRESSED:
                start, _ = compressed_span(entry, self._header.cluster_bits)
                if not self._header.cluster <= start < self._source.size or start in packed:
                    raise self._bad_place(name, where, start)
                packed.add(start)
                entries[number] = entry & ~_COPIED
            elif entry & self._reserved:
                raise FormatError(f"qcow2: {name}", where=where, found="unknown bits")
            elif entry & ZERO:
                entries[number] = 0
            elif entry := entry & PLACE:
                used.append(entry)
                entries[number] = entry
        return used

    def _check_places(self, name: str, where: int, places: list[int], last: int) -> None:
        cluster = self._header.cluster
        if not places:
            return
        if min(places) < cluster or max(places) > last:
            lowest, highest = min(places), max(places)
            raise self._bad_place(name, where, lowest if lowest < cluster else highest)
        if reduce(or_, places) & (cluster - 1):
            raise self._bad_place(name, where, next(place for place in places if place % cluster))
        if len(set(places)) < len(places):
            raise self._twice(name, where)

    def _twice(self, name: str, where: int) -> FormatError:
        return FormatError(f"qcow2: {name}", where=where, found="clusters that are used twice")

    def _bad_place(self, name: str, where: int, place: int) -> FormatError:
        return FormatError(
            f"qcow2: {name}",
            where=where,
            found=f"a cluster at byte {place}",
            expected=f"a place of its own behind the header, inside {self._source.size} bytes",
            hint="The file was cut or changed after it was written; copy the disk once more",
        )


def _entries(data: bytes) -> array[int]:
    entries = array("Q", data)
    if sys.byteorder == "little":
        entries.byteswap()
    return entries

# SPDX-License-Identifier: Apache-2.0
"""Reads a qcow2 image at random.

Clusters that stand side by side in the file are fetched by one read of the source: over HTTP a
request costs tens of milliseconds. Of a cluster that is not compressed no more is read than was
asked for; it may have 2 MiB.

Source: QEMU ``docs/interop/qcow2.txt``.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.formats._extents import joined
from vmferry.formats.qcow2.clusters import COMPRESSED, compressed_span, decompress
from vmferry.formats.qcow2.features import DIRTY, check_features
from vmferry.formats.qcow2.header import read_header
from vmferry.formats.qcow2.tables import ClusterTables
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.model.bytes import ByteSource

_MOST: Final = 4 * MIB
"""Bytes of one read of the source."""

_GAP: Final = 64 * KIB
"""Bytes between two compressed clusters that are cheaper to read than to ask twice."""

_EMPTY: Final = 0
_PLAIN: Final = 1
_PACKED: Final = 2


class Qcow2Reader:
    """A qcow2 image in one file; its present state, not that of its snapshots.

    Args:
        source: The file.

    Raises:
        FormatError: The image needs other files, a key or unknown features, or it is damaged.
    """

    def __init__(self, source: ByteSource) -> None:
        check_features(source)
        self._source = source
        self._header = read_header(source)
        self._cluster = self._header.cluster
        self._tables = ClusterTables(source, self._header)
        self._last = (-1, b"")  # file systems are read by 4 KiB, a cluster is unpacked whole

    @property
    def size(self) -> int:
        """The virtual size in bytes."""
        return self._header.size

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the owner should know though the disk can be read."""
        found = []
        if self._header.incompatible & DIRTY:
            found.append("qcow2: the dirty flag is set: the disk was open when it was copied")
        if self._header.snapshots:
            found.append(f"qcow2: {self._header.snapshots} snapshots inside the file are ignored")
        return tuple(found)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of, cluster by cluster as the tables say."""
        length = self.size - offset if length is None else length
        self._check_range(offset, length)
        runs = (
            (start, end, ExtentKind.ZERO if what == _EMPTY else ExtentKind.DATA)
            for start, end, what, _ in self._runs(offset, offset + length)
        )
        yield from joined(runs)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the disk."""
        self._check_range(offset, length)
        pieces: list[bytes | memoryview] = []
        for start, stop, kind, entries in self._runs(offset, offset + length):
            if kind == _PLAIN:
                self._read_plain(start, stop, entries, pieces)
            elif kind == _PACKED:
                self._read_packed(start, stop, entries, pieces)
            else:
                pieces.append(bytes(stop - start))
        return b"".join(pieces)

    def _check_range(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            found = f"{offset} + {length} bytes"
            raise FormatError("qcow2: range", found=found, expected=f"inside {self.size} bytes")

    def _runs(self, offset: int, end: int) -> Iterator[tuple[int, int, int, Sequence[int]]]:
        """Yield start, stop, kind and table entries of clusters of one kind, table by table."""
        cluster, per_table = self._cluster, self._header.l2_entries
        span = cluster * per_table
        while offset < end:
            index = offset // span
            table = self._tables.table(index)
            stop = min((index + 1) * span, end)
            if table is None:
                index = self._tables.next_table(index + 1, -(-end // span))
                stop = min(index * span, end)
                yield offset, stop, _EMPTY, ()
            else:
                base = index * per_table
                entries = table[offset // cluster - base : -(-stop // cluster) - base]
                yield from self._of_table(offset, stop, entries)
            offset = stop

    def _of_table(
        self, offset: int, end: int, entries: Sequence[int]
    ) -> Iterator[tuple[int, int, int, Sequence[int]]]:
        cluster = self._cluster
        if min(entries) > 0 and max(entries) < COMPRESSED:
            yield offset, end, _PLAIN, entries  # spares the look at each one
            return
        done, first = 0, offset // cluster
        for kind, group in groupby(entries, lambda entry: (entry > 0) + (entry >= COMPRESSED)):
            run = list(group)
            start = max((first + done) * cluster, offset)
            done += len(run)
            yield start, min((first + done) * cluster, end), kind, run

    def _read_plain(
        self, start: int, stop: int, entries: Sequence[int], pieces: list[bytes | memoryview]
    ) -> None:
        """Append the bytes ``start`` … ``stop`` from clusters that are stored as they are."""
        cluster, at, count = self._cluster, 0, len(entries)
        most = max(_MOST // cluster, 1)
        while at < count:
            run = 1
            while run < min(most, count - at) and entries[at + run] == entries[at] + run * cluster:
                run += 1
            end = min((start // cluster + run) * cluster, stop)
            place = entries[at] + start % cluster
            if place + end - start > self._source.size:
                raise FormatError("qcow2: cluster beyond the end of the file", where=place)
            pieces.append(self._source.read_at(place, end - start))
            start, at = end, at + run

    def _read_packed(
        self, start: int, stop: int, entries: Sequence[int], pieces: list[bytes | memoryview]
    ) -> None:
        """Append the bytes ``start`` … ``stop`` from compressed clusters."""
        cluster = self._cluster
        first = start // cluster
        for number, data in enumerate(self._unpacked(first, entries), first):
            low, high = number * cluster, (number + 1) * cluster
            inside = start <= low and high <= stop
            piece = data if inside else memoryview(data)[max(start - low, 0) : stop - low]
            pieces.append(piece)

    def _unpacked(self, first: int, entries: Sequence[int]) -> Iterator[bytes]:
        """Yield the clusters ``first`` …, whole."""
        spans = [compressed_span(entry, self._header.cluster_bits) for entry in entries]
        at = 0
        while at < len(spans):
            last_number, last_data = self._last
            if last_number == first + at:
                yield last_data
                at += 1
                continue
            start, end = spans[at]
            stop = at + 1
            while stop < len(spans) and start < spans[stop][0] <= end + _GAP:
                if spans[stop][1] - start > _MOST:
                    break
                end = max(end, spans[stop][1])
                stop += 1
            end = min(end, self._source.size)
            chunk = memoryview(self._source.read_at(start, end - start))
            for number in range(at, stop):
                place, last = spans[number]
                data = decompress(
                    chunk[place - start : last - start],
                    self._cluster,
                    self._header.compression,
                    place,
                )
                self._last = (first + number, data)
                yield data
            at = stop

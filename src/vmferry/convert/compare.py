# SPDX-License-Identifier: Apache-2.0
"""Two disks side by side: equal, or where they differ first.

What lies behind the end of the shorter disk counts as zeros, as formats round sizes differently.
"""

from __future__ import annotations

import heapq
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from vmferry.convert.locations import open_disk, opener
from vmferry.convert.workers import cores, forked, receive
from vmferry.formats import allocated, cut
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from vmferry.model.disk import Disk, DiskLocation
    from vmferry.stores import Access

_SLICE: Final = 32 * MIB
_CHUNK: Final = 4 * MIB


class Difference(NamedTuple):
    """How two disks compare.

    Attributes:
        first: The first byte in which they differ, or ``None``.
        sizes: Bytes of each disk.
        data: Bytes that at least one of them stores.
    """

    first: int | None
    sizes: tuple[int, int]
    data: int


class Either:
    """What either of two disks stores, without its bytes.

    Args:
        one: A disk.
        other: Another.
    """

    def __init__(self, one: Disk, other: Disk) -> None:
        self._disks = (one, other)
        self.size = max(one.size, other.size)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield data where any of the disks has data."""
        end = self.size if length is None else offset + length
        at = offset
        for start, stop in _union(*(_stored(disk, offset, end) for disk in self._disks)):
            if start > at:
                yield Extent(at, start - at, ExtentKind.ZERO)
            yield Extent(start, stop - start, ExtentKind.DATA)
            at = stop
        if at < end:
            yield Extent(at, end - at, ExtentKind.ZERO)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the first disk's bytes."""
        return read_padded(self._disks[0], offset, length)

    def first_difference(self, offset: int, length: int) -> int | None:
        """Return the first byte of the range in which the disks differ, or ``None``."""
        for extent in self.extents(offset, length):
            if extent.kind is ExtentKind.ZERO:
                continue
            for at in range(extent.offset, extent.end, _CHUNK):
                size = min(_CHUNK, extent.end - at)
                one, other = (read_padded(disk, at, size) for disk in self._disks)
                if one != other:
                    return at + _common(one, other)
        return None


def compare_disks(
    one: DiskLocation,
    other: DiskLocation,
    access: tuple[Access, Access],
    *,
    jobs: int = 0,
    show: Callable[[int, int], None] = lambda _done, _total: None,
) -> Difference:
    """Compare two disks on every core.

    Args:
        one: A disk.
        other: Another.
        access: How to reach each.
        jobs: Worker processes, 0 for one per core.
        show: Called with the bytes done and to do.

    Raises:
        FormatError: A disk is damaged.
        SourceError: A disk cannot be read.
    """
    places = list(zip((one, other), access, strict=True))
    disks = [open_disk(*place) for place in places]
    reopen = [opener(*place, disk) for place, disk in zip(places, disks, strict=True)]
    either = Either(*disks)
    slices = list(cut(either, BLOCK, _SLICE))
    data = allocated(either)
    found: list[int] = []
    with forked(min(jobs or cores(), len(slices)), partial(_serve, reopen)) as workers:
        left, done = iter(slices), 0
        for worker in workers:
            worker.send(next(left))
        busy = set(workers)
        while busy:
            for worker in cast("list[Connection]", wait(list(busy))):
                if (difference := receive(worker)) is not None:
                    found.append(difference)
                done += 1
                show(data * done // len(slices), data)
                # Slices are handed out in order: those behind a difference cannot have the first.
                item = None if found else next(left, None)
                worker.send(item)
                if item is None:
                    busy.discard(worker)
    sizes = (disks[0].size, disks[1].size)
    return Difference(min(found, default=None), sizes, data)


def _serve(reopen: list[Callable[[], Disk]], connection: Connection) -> None:
    either = Either(*(each() for each in reopen))
    for offset, length in iter(connection.recv, None):
        connection.send(either.first_difference(offset, length))


def read_padded(disk: Disk, offset: int, length: int) -> bytes:
    """Return bytes of a disk, and zeros behind its end."""
    inside = max(min(length, disk.size - offset), 0)
    return (disk.read_at(offset, inside) if inside else b"").ljust(length, b"\0")


def _stored(disk: Disk, offset: int, end: int) -> Iterator[tuple[int, int]]:
    end = min(end, disk.size)
    if offset < end:
        for extent in disk.extents(offset, end - offset):
            if extent.kind is ExtentKind.DATA:
                yield extent.offset, extent.end


def _union(*ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the union of ranges, in order and without neighbours that touch."""
    start = stop = -1
    for first, last in heapq.merge(*ranges):
        if first > stop:
            if stop > start:
                yield start, stop
            start, stop = first, last
        else:
            stop = max(stop, last)
    if stop > start:
        yield start, stop


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes are equal before the first that differ."""
    low, high = 0, len(one)
    while low + 1 < high:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low

# SPDX-License-Identifier: Apache-2.0
"""Holes: sources that know theirs, and the zeros of a disk that no writer stores."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from vmferry.formats._writer import Encoded
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import KIB, MIB, round_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.formats._writer import Put
    from vmferry.model.disk import Disk

UNIT: Final = 64 * KIB
"""What is compared with zeros at once: a VMDK's grain, and what every file system can punch out."""

_CHUNK: Final = 4 * MIB
_ZEROS: Final = bytes(UNIT)


@runtime_checkable
class SparseSource(Protocol):
    """A source that knows its own holes, such as a sparse file on a local disk."""

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Yield what the range is made of, as ``Disk.extents`` does."""


def stored_runs(disk: Disk, offset: int, end: int) -> Iterator[tuple[int, memoryview]]:
    """Yield place and bytes of what is not zeros, in order and at most 4 MiB at a time.

    Args:
        disk: What is read.
        offset: Where to begin, a multiple of ``UNIT``.
        end: Where to stop; runs begin and end at multiples of ``UNIT``, except there.
    """
    done = offset
    for extent in disk.extents(offset, end - offset):
        if extent.kind is ExtentKind.ZERO:
            continue
        start = max(extent.offset // UNIT * UNIT, done)
        done = max(min(round_up(extent.end, UNIT), end), done)
        for at in range(start, done, _CHUNK):
            chunk = disk.read_at(at, min(_CHUNK, done - at))
            for first, last in _runs(chunk):
                yield at + first, memoryview(chunk)[first:last]


def encode_in_place(disk: Disk, offset: int, length: int, put: Put) -> Encoded:
    """Encode a slice whose bytes stand in the artifact as they stand on the disk."""
    for at, run in stored_runs(disk, offset, offset + length):
        put(at - offset, run)
    return Encoded(length)


def _runs(chunk: bytes) -> Iterator[tuple[int, int]]:
    """Yield first and last byte of every run of units that are not zeros."""
    for zero, units in groupby(range(0, len(chunk), UNIT), lambda at: _is_zero(chunk, at)):
        if not zero:
            run = list(units)
            yield run[0], min(run[-1] + UNIT, len(chunk))


def _is_zero(chunk: bytes, at: int) -> bool:
    if len(chunk) - at < UNIT:
        return not any(chunk[at:])
    return chunk.startswith(_ZEROS, at)  # compares without a copy

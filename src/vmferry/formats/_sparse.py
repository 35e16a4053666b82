# SPDX-License-Identifier: Apache-2.0
"""Holes: sources that know theirs, and artifacts whose bytes stand at the disk's own places."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.disk import Disk

_PIECE = 64 * KIB
"""What is compared with zeros at once: the allocation unit that every file system can punch out."""

_CHUNK = 4 * MIB
_ZEROS = bytes(_PIECE)


@runtime_checkable
class SparseSource(Protocol):
    """A source that knows its own holes, such as a sparse file on a local disk."""

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Yield what the range is made of, as ``Disk.extents`` does."""


def write_sparse(disk: Disk, offset: int, length: int, out: BinaryIO) -> None:
    """Write a range of ``disk`` to its own place in ``out``; 64 KiB of zeros become a hole."""
    for extent in disk.extents(offset, length):
        if extent.kind is ExtentKind.DATA:
            for start in range(extent.offset, extent.end, _CHUNK):
                chunk = disk.read_at(start, min(_CHUNK, extent.end - start))
                _write(out, start, chunk)


def _write(out: BinaryIO, position: int, chunk: bytes) -> None:
    starts = range(0, len(chunk), _PIECE)
    for zero, run in groupby(starts, lambda at: _is_zero(chunk[at : at + _PIECE])):
        if not zero:
            pieces = list(run)
            out.seek(position + pieces[0])
            out.write(memoryview(chunk)[pieces[0] : pieces[-1] + _PIECE])


def _is_zero(piece: bytes) -> bool:
    return piece == (_ZEROS if len(piece) == _PIECE else bytes(len(piece)))

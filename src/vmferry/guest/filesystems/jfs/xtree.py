# SPDX-License-Identifier: Apache-2.0
"""The tree of a file's extents: its root is in the inode, further pages are blocks.

    Dec  Hex  Page, and the root's 288 bytes       Dec  Hex  xad, an extent, 16 bytes each from 32
     16  0x10 flag          u8: 2 leaf, 4 inner      0  0x00 flag     u8: 4 packed, 8 unwritten
     18  0x12 nextindex     u16, xads and 2          3  0x03 offset   u8, bits 32 to 39
     24  0x18 self          pxd, not the root        4  0x04 offset   u32, in blocks of the file
                                                     8  0x08 location pxd

An extent that was reserved but not written reads as zeros, as does what lies between extents.
Offsets rise over the whole tree; that is checked, so no loop can be followed.

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000), "B+-trees: extent allocation".
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.blocks import DEEPEST, extent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.jfs.blocks import Blocks

LEAF: Final = 2
INNER: Final = 4
COMPRESSED: Final = 4
NOT_WRITTEN: Final = 8
FIRST: Final = 2
"""The header takes the room of two xads, and counts as them."""
XAD: Final = 16

_HEADER: Final = struct.Struct("<16xBxH")
_XAD: Final = struct.Struct("<B2xBI8x")


class FileExtent(NamedTuple):
    """A part of a file, in blocks; ``address`` is ``None`` where it was never written."""

    offset: int
    length: int
    address: int | None


def extents(blocks: Blocks, root: bytes, first: int, end: int) -> Iterator[FileExtent]:
    """Yield the extents of a file that have blocks from ``first`` to before ``end``.

    Raises:
        FormatError: The tree is damaged, or has what Linux does not write.
    """
    behind = 0
    for found in _walk(blocks, root, (first, end), DEEPEST):
        if found.offset < behind:
            raise FormatError("extent tree", found=f"offset {found.offset} twice")
        behind = found.offset + found.length
        if behind > first:
            yield found


def _walk(blocks: Blocks, page: bytes, wanted: tuple[int, int], depth: int) -> Iterator[FileExtent]:
    kind, rows = _parse(page)
    first, end = wanted
    offsets = [row.offset for row in rows]
    for row in rows[max(0, bisect_right(offsets, first) - 1) : bisect_right(offsets, end - 1)]:
        if kind == LEAF:
            yield row
        elif depth == 0 or row.address is None:
            raise FormatError("extent tree", found=f"more than {DEEPEST} levels")
        else:
            child = blocks.page(row.address, row.length)
            offset = next((below.offset for below in _parse(child)[1]), -1)
            if offset < row.offset:
                raise FormatError(
                    f"extent tree: page at block {row.address}",
                    found="no extents" if offset < 0 else f"offset {offset}",
                    expected=f"from offset {row.offset} on",
                )
            yield from _walk(blocks, child, wanted, depth - 1)


def _parse(page: bytes) -> tuple[int, list[FileExtent]]:
    """Return whether a page is ``LEAF`` or ``INNER``, and its rows in order."""
    flag, count = _HEADER.unpack_from(page)
    kind = flag & (LEAF | INNER)
    if kind not in (LEAF, INNER) or not FIRST <= count <= len(page) // XAD:
        raise FormatError("extent tree", found=f"a page of flag {flag:#x} with {count} entries")
    rows = [_row(page, at) for at in range(FIRST * XAD, count * XAD, XAD)]
    if any(row.offset >= following.offset for row, following in pairwise(rows)):
        raise FormatError("extent tree", found="offsets out of order")
    return kind, rows


def _row(page: bytes, at: int) -> FileExtent:
    flag, high, low = _XAD.unpack_from(page, at)
    address, length = extent(page, at + 8)
    if flag & COMPRESSED or not length:
        raise FormatError("extent tree", found=f"an extent of flag {flag:#x}, {length} blocks")
    return FileExtent(high << 32 | low, length, None if flag & NOT_WRITTEN else address)

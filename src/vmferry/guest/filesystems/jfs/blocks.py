# SPDX-License-Identifier: Apache-2.0
"""Blocks of the partition, and the extent descriptor that points to them.

    Dec  Hex  pxd, a physical extent
      0  0x00 length                u24, in blocks
      3  0x03 address               u8, bits 32 to 39
      4  0x04 address               u32, bits 0 to 31

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000), "Extents"; field order of Linux's JFS.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.window import Window

PAGE: Final = 4 * KIB
"""Bytes of a tree's page and of an inode map's, whatever a block has."""

DEEPEST: Final = 8
"""Levels of a tree; a B+-tree of 8 levels has more leaves than 2^40 blocks can hold."""

SELF: Final = 24
"""Where a page of either tree holds the extent that it lies in."""

_PXD: Final = struct.Struct("<II")


class Extent(NamedTuple):
    """A physical extent, in blocks."""

    address: int
    length: int


def extent(data: bytes, at: int) -> Extent:
    """Return the extent whose descriptor is at ``at``."""
    mixed, low = _PXD.unpack_from(data, at)
    return Extent((mixed >> 24) << 32 | low, mixed & 0xFFFFFF)


class Blocks:
    """The partition by blocks.

    Args:
        window: The partition.
        size: Bytes of a block.
    """

    def __init__(self, window: Window, size: int) -> None:
        self._window = window
        self.size = size

    def read(self, address: int, inside: int, length: int) -> bytes:
        """Return ``length`` bytes from byte ``inside`` of block ``address``.

        Raises:
            FormatError: They are not in the partition.
        """
        offset = address * self.size + inside
        data = self._window.peek(offset, length)
        if len(data) != length:
            raise FormatError(
                f"block {address}",
                where=offset,
                found=f"{length} bytes",
                expected=f"an end inside the partition's {self._window.size}",
            )
        return data

    def page(self, address: int, length: int) -> bytes:
        """Return the page of a tree in the extent of ``length`` blocks at ``address``.

        Raises:
            FormatError: The page says that it lies elsewhere, or it is larger than pages are.
        """
        size = length * self.size
        if not 0 < size <= PAGE:
            raise FormatError(f"page at block {address}", found=f"{length} blocks")
        data = self.read(address, 0, size)
        if extent(data, SELF) != (address, length):
            raise FormatError(
                f"page at block {address}",
                found=f"one of block {extent(data, SELF).address}",
                expected="its own address",
            )
        return data

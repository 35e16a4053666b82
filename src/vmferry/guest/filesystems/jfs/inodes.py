# SPDX-License-Identifier: Apache-2.0
"""Inodes: the aggregate's own, at a fixed place, and the files', found by the inode map.

     Dec  Hex  Inode allocation group (IAG), a page
       8  0x008 iagnum        u32
    3072  0xC00 inoext        128 pxds, of 32 inodes each

    Dec  Hex  Inode, 512 bytes
      4  0x04 di_fileset    u32, 16 for files
      8  0x08 di_number     u32
     24  0x18 di_size       u64
     40  0x28 di_nlink      u32, 0: free
     52  0x34 di_mode       u32, its low 16 bits as in stat
    224  0xE0 root of the tree of extents or entries, 288 bytes
    256  0x100 a short link's target, 256 bytes

Inode 16 of the aggregate is the inode map: a control page, then one IAG for every 4096 inodes.

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000), "Inodes", "Aggregate inode table",
"Inode allocation map".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.blocks import PAGE, extent
from vmferry.guest.filesystems.jfs.xtree import extents
from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.filesystems.jfs.blocks import Blocks

TABLE: Final = 44 * KIB
"""Where the aggregate inode table starts, in bytes: behind super block and control page."""

SIZE: Final = 512
FILESET: Final = 16
"""The number of the inode map, and of the fileset whose map it is."""
TREE: Final = 224
SHORT_LINK: Final = 256
PER_EXTENT: Final = 32
PER_GROUP: Final = 4096
GROUP_EXTENTS: Final = 3072

_STRUCT: Final = struct.Struct("<4xII12xQ8xI8xI")
_GROUP: Final = struct.Struct("<8xI")


class Inode(NamedTuple):
    """One inode; ``data`` are its 512 bytes."""

    fileset: int
    number: int
    size: int
    links: int
    mode: int
    data: bytes

    @property
    def tree(self) -> bytes:
        """The root of its tree."""
        return self.data[TREE:]


def own_inode(blocks: Blocks, number: int) -> Inode:
    """Return an inode of the aggregate itself.

    Raises:
        FormatError: Another one is in its place.
    """
    return _parse(blocks.read(0, TABLE + number * SIZE, SIZE), number)


class Inodes:
    """The inodes of the files.

    Args:
        blocks: The partition.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._map = own_inode(blocks, FILESET)

    def get(self, number: int) -> Inode:
        """Return an inode.

        Raises:
            FormatError: It is not in use, or the way to it is damaged.
        """
        group = number // PER_GROUP
        page = self._group(group)
        place = extent(page, GROUP_EXTENTS + number % PER_GROUP // PER_EXTENT * 8)
        if not place.address or place.length * self._blocks.size != PER_EXTENT * SIZE:
            raise FormatError(f"inode {number}", found="no inodes where it should be")
        inside = number % PER_EXTENT * SIZE
        inode = _parse(self._blocks.read(place.address, inside, SIZE), number)
        if inode.fileset != FILESET or not inode.links:
            raise FormatError(f"inode {number}", found="one that is not in use")
        return inode

    def _group(self, group: int) -> bytes:
        """Return the page of an inode allocation group."""
        per_page = PAGE // self._blocks.size
        first = (group + 1) * per_page
        for found in extents(self._blocks, self._map.tree, first, first + per_page):
            inside = first - found.offset
            if inside >= 0 and found.address is not None and inside + per_page <= found.length:
                page = self._blocks.read(found.address + inside, 0, PAGE)
                if _GROUP.unpack_from(page)[0] == group:
                    return page
        raise FormatError(f"inode allocation group {group}", found="another page, or none")


def _parse(data: bytes, number: int) -> Inode:
    inode = Inode._make((*_STRUCT.unpack_from(data), data))
    if inode.number != number:
        raise FormatError(f"inode {number}", found=f"number {inode.number} in it")
    return inode._replace(mode=inode.mode & 0xFFFF)

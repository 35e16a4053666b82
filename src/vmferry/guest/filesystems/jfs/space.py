# SPDX-License-Identifier: Apache-2.0
"""What is free on a JFS: the first page of the block allocation map, inode 2 of the aggregate.

    Dec  Hex  Block allocation map control page
      0  0x00 dn_mapsize   u64, blocks of the aggregate
      8  0x08 dn_nfree     u64, free ones

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000), "Block allocation map".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.inodes import own_inode
from vmferry.guest.filesystems.jfs.xtree import extents

if TYPE_CHECKING:
    from vmferry.guest.filesystems.jfs.blocks import Blocks

MAP: Final = 2
_STRUCT: Final = struct.Struct("<QQ")


def free_bytes(blocks: Blocks) -> int:
    """Return the free bytes.

    Raises:
        FormatError: The map or the way to it is damaged.
    """
    for found in extents(blocks, own_inode(blocks, MAP).tree, 0, 1):
        if found.offset == 0 and found.address is not None:
            count, free = _STRUCT.unpack(blocks.read(found.address, 0, _STRUCT.size))
            if free > count:
                raise FormatError("block map", found=f"{free} free blocks of {count}")
            return int(free) * blocks.size
    raise FormatError("block map", found="no first page")

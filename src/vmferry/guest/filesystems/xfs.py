# SPDX-License-Identifier: Apache-2.0
"""XFS version 4 (until RHEL 7.2) and version 5 (with checksums), read by libfsxfs.

What is free is read here:

    Dec  Hex  Super block, big-endian
      4  0x04 sb_blocksize   u32
    144  0x90 sb_fdblocks    u64, free data blocks

Source: XFS Algorithms & Data Structures, 3rd edition (kernel.org).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import pyfsxfs

from vmferry.guest.filesystem import FileSystem
from vmferry.guest.filesystems import _xfs_log
from vmferry.guest.filesystems._libyal import Library
from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.window import Window

BLOCK_SIZES: Final = range(512, 64 * KIB + 1)

_STRUCT: Final = struct.Struct(">4xI136xQ")


def free(window: Window) -> int | None:
    """Return the free bytes; XFS keeps a few blocks of them for itself."""
    data = window.peek(0, _STRUCT.size)
    if len(data) < _STRUCT.size:
        return None
    size, blocks = _STRUCT.unpack(data)
    return int(size * blocks) if size in BLOCK_SIZES else None


FILESYSTEM = FileSystem(
    name="xfs",
    kinds=("xfs",),
    open=Library(
        name="xfs",
        volume=pyfsxfs.volume,
        remedy="Run xfs_repair in the machine and export it again",
    ).open,
    is_clean=_xfs_log.is_empty,
    free=free,
)

# SPDX-License-Identifier: Apache-2.0
"""ext2, ext3 and ext4, read by libfsext; what is free, and whether it is clean, is read here.

    Dec  Hex   Super block, from byte 1024
     12  0x00C s_free_blocks_count_lo   u32
     24  0x018 s_log_block_size         u32, of KiB
     58  0x03A s_state                  u16: 1 clean, 2 errors were found
     96  0x060 s_feature_incompat       u32: 0x4 the journal is not empty,
                                             0x80 there are high halves of counts
    344  0x158 s_free_blocks_count_hi   u32

Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import pyfsext

from vmferry.guest.filesystem import FileSystem
from vmferry.guest.filesystems._libyal import Library
from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.window import Window

OFFSET: Final = KIB
LARGEST_LOGARITHM: Final = 6
HAS_64_BITS: Final = 0x80

NEEDS_RECOVERY: Final = 0x4
CLEAN: Final = 1
"""Of ``s_state``; a file system without a journal loses it as long as it is mounted."""

_STATE: Final = struct.Struct("<58xH36xI")
_STRUCT: Final = struct.Struct("<12xI8xI68xI244xI")


def free(window: Window) -> int | None:
    """Return the free bytes, those that only root may use among them."""
    data = window.peek(OFFSET, _STRUCT.size)
    if len(data) < _STRUCT.size:
        return None
    low, logarithm, incompatible, high = _STRUCT.unpack(data)
    if logarithm > LARGEST_LOGARITHM:
        return None
    blocks = low | high << 32 if incompatible & HAS_64_BITS else low
    return int(blocks << logarithm) * KIB


def is_clean(window: Window) -> bool:
    """Say whether the journal is empty, and no error was met."""
    data = window.peek(OFFSET, _STATE.size)
    if len(data) < _STATE.size:
        return True
    state, incompatible = _STATE.unpack(data)
    return state == CLEAN and not incompatible & NEEDS_RECOVERY


FILESYSTEM = FileSystem(
    name="ext",
    kinds=("ext2", "ext3", "ext4"),
    open=Library(name="ext", volume=pyfsext.volume).open,
    is_clean=is_clean,
    free=free,
)

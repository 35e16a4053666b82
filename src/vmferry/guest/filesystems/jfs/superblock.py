# SPDX-License-Identifier: Apache-2.0
"""The super block, 32 KiB into the partition.

    Dec  Hex  Name
      0  0x00 s_magic "JFS1"
      4  0x04 s_version             u32: 1, or 2 with the journal elsewhere
      8  0x08 s_size                u64, of the aggregate in blocks of s_pbsize
     16  0x10 s_bsize               u32, bytes of a block: 512, 1024, 2048, 4096
     20  0x14 s_l2bsize             u16, its logarithm
     36  0x24 s_flag                u32: see below
     40  0x28 s_state               u32: 0 clean, 1 mounted, 2 dirty, 4 replay failed, 8 growing

    Flag         Meaning
    0x00000001   names are Unicode
    0x00200000   directories have an index: their entries are two characters shorter
    0x40000000   OS/2: names without regard to case
    0x80000000   AIX

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000), "Superblock"; Linux,
Documentation/admin-guide/jfs.rst.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.units import KIB

OFFSET: Final = 32 * KIB
MAGIC: Final = b"JFS1"
CLEAN: Final = 0
DIRECTORY_INDEX: Final = 0x00200000
OTHER_SYSTEMS: Final = 0x40000000 | 0x80000000
VERSIONS: Final = (1, 2)
BLOCK_SIZES: Final = (512, 1024, 2048, 4096)

_STRUCT: Final = struct.Struct("<4sIQIH14xII")
SIZE: Final = _STRUCT.size


class SuperBlock(NamedTuple):
    """What the super block says, checked.

    Attributes:
        block_size: Bytes of a block.
        has_index: Whether directory entries hold the place in an index too.
        is_clean: Whether the journal is empty.
    """

    block_size: int
    has_index: bool
    is_clean: bool


def read_super_block(data: bytes) -> SuperBlock:
    """Return the super block that starts ``data``.

    Raises:
        FormatError: It is damaged, or of another system's kind.
    """
    if len(data) < SIZE or not data.startswith(MAGIC):
        raise FormatError("super block", where=OFFSET, found=data[:4], expected=MAGIC)
    _, version, _, block_size, logarithm, flags, state = _STRUCT.unpack_from(data)
    if version not in VERSIONS:
        raise FormatError("s_version", where=OFFSET + 4, found=version, expected="1 or 2")
    if block_size not in BLOCK_SIZES or block_size != 1 << min(logarithm, 12):
        raise FormatError(
            "s_bsize", where=OFFSET + 16, found=f"{block_size}, 2^{logarithm}", expected=BLOCK_SIZES
        )
    if flags & OTHER_SYSTEMS:
        raise FormatError(
            "s_flag",
            where=OFFSET + 36,
            found=f"{flags:#010x}",
            expected="the flags of Linux",
            hint="Copy the root to a file system that mkfs.jfs made without -O",
        )
    return SuperBlock(block_size, bool(flags & DIRECTORY_INDEX), state == CLEAN)

# SPDX-License-Identifier: Apache-2.0
"""The log of XFS, as far as it tells whether it is empty: its last record is an unmount's.

The log is a ring of 512-byte blocks. Each begins with the number of the turn in which it was
written, so the end of what was written last is where that number falls.

    Dec  Hex   Super block, big-endian         Dec  Hex  Record header, big-endian
     48  0x30  sb_logstart    u64 block          0  0x00 magic 0xfeedbabe
     84  0x54  sb_agblocks    u32                4  0x04 h_cycle        u32
     96  0x60  sb_logblocks   u32                8  0x08 h_version      u32, bit 1: 2
    120  0x78  sb_blocklog    u8                12  0x0c h_len          u32, of the body
    124  0x7c  sb_agblklog    u8                40  0x28 h_num_logops   u32
                                               320  0x140 h_size        u32, of a buffer

    Dec  Hex   Operation, the first of a body
      9  0x09  oh_flags       u8: 0x20 unmount

Source: XFS Algorithms & Data Structures, 3rd edition (kernel.org), "Journaling Log".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.units import KIB, SECTOR

if TYPE_CHECKING:
    from vmferry.guest.window import Window

MAGIC: Final = 0xFEEDBABE
VERSION_2: Final = 2
CYCLES_SIZE: Final = 32 * KIB
"""Of a buffer for which one block of header has room; a larger one has more blocks of it."""

UNMOUNT: Final = 0x20
LONGEST_RECORD: Final = 520
"""Blocks: 256 KiB, and the header's eight."""

BLOCK_LOGARITHMS: Final = range(9, 17)

_SUPER_BLOCK: Final = struct.Struct(">48xQ28xI8xI20xB3xB")
_HEADER: Final = struct.Struct(">IIII24xI276xI")
_CYCLE: Final = struct.Struct(">II")


class Log(NamedTuple):
    """Where the log is: its first byte, and how many blocks it has."""

    start: int
    blocks: int


def find(window: Window) -> Log | None:
    """Return where the log is; ``None`` if it is on another device, or nowhere inside."""
    data = window.peek(0, _SUPER_BLOCK.size)
    if len(data) < _SUPER_BLOCK.size:
        return None
    start, group_blocks, blocks, logarithm, group_logarithm = _SUPER_BLOCK.unpack(data)
    if not start or logarithm not in BLOCK_LOGARITHMS or group_logarithm > 32:
        return None
    group, inside = start >> group_logarithm, start & (1 << group_logarithm) - 1
    first = (group * group_blocks + inside) << logarithm
    length = blocks << logarithm
    if not length or first + length > window.size:
        return None
    return Log(first, length // SECTOR)


def is_empty(window: Window) -> bool:
    """Say whether the last thing in the log is that the file system was unmounted.

    A log that is not here, or that has nothing like a record, is taken for an empty one: damage is
    for others to tell.
    """
    log = find(window)
    if log is None:
        return True
    head = _head(window, log)
    for block in range(head - 1, max(head - LONGEST_RECORD, 0) - 1, -1):
        header = _peek(window, log, block)
        if header.startswith(MAGIC.to_bytes(4, "big")):
            return _is_unmount(window, log, block, head)
    return True


def _head(window: Window, log: Log) -> int:
    """Return the block behind what was written last, by halves."""
    turn = _turn(window, log, 0)
    low, high = 1, log.blocks
    while low < high:
        middle = (low + high) // 2
        if _turn(window, log, middle) == turn:
            low = middle + 1
        else:
            high = middle
    return low


def _turn(window: Window, log: Log, block: int) -> int:
    first, second = _CYCLE.unpack_from(_peek(window, log, block))
    return int(second if first == MAGIC else first)


def _is_unmount(window: Window, log: Log, block: int, head: int) -> bool:
    _, _, version, length, operations, size = _HEADER.unpack_from(_peek(window, log, block))
    headers = -(-size // CYCLES_SIZE) if version & VERSION_2 and size > CYCLES_SIZE else 1
    end = block + headers + -(-length // SECTOR)
    if end != head or operations != 1 or block + headers >= log.blocks:
        return False
    return bool(_peek(window, log, block + headers)[9] & UNMOUNT)


def _peek(window: Window, log: Log, block: int) -> bytes:
    return window.peek(log.start + block * SECTOR, SECTOR)

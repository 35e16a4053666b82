# SPDX-License-Identifier: Apache-2.0
"""Small parts of a JFS put together by hand: extent descriptors and pages of both trees."""

from __future__ import annotations

import struct
from typing import Final

from tests.guest.test_window import Memory

from vmferry.guest.filesystems.jfs.blocks import Blocks
from vmferry.guest.window import Window
from vmferry.units import KIB

BLOCK: Final = 4 * KIB
COUNT: Final = 64
LEAF: Final = 2
INNER: Final = 4
SLOT: Final = 32


def pxd(address: int, length: int = 1) -> bytes:
    """Return an extent descriptor."""
    return struct.pack("<II", address >> 32 << 24 | length, address & 0xFFFFFFFF)


def xad(offset: int, address: int, length: int = 1, flag: int = 0) -> bytes:
    """Return one row of a tree of extents."""
    return struct.pack("<BxxBI", flag, offset >> 32, offset & 0xFFFFFFFF) + pxd(address, length)


def xpage(kind: int, rows: list[bytes], address: int = 0, size: int = BLOCK) -> bytes:
    """Return a page of a tree of extents; with 288 bytes it is a root."""
    head = struct.pack("<16xBxHHxx", kind, len(rows) + 2, size // 16) + pxd(address)
    return (head + b"".join(rows)).ljust(size, b"\0")


def dslots(names: dict[tuple[int, ...], bytes], start: int, first: int) -> tuple[bytes, bytes]:
    """Return slots for names with what stands before them, and the order of the first ones.

    Args:
        names: What stands before the name's slot number, by name.
        start: The first free slot.
        first: Characters in a name's first slot.
    """
    slots, order = b"", b""
    for name, before in names.items():
        at = start + len(slots) // SLOT
        order += bytes([at])
        pieces = [name[first + n : first + n + 15] for n in range(0, max(0, len(name) - first), 15)]
        head = before + struct.pack("<bB", at + 1 if pieces else -1, len(name))
        slots += (head + _characters(name[:first])).ljust(SLOT, b"\0")
        for number, piece in enumerate(pieces, 1):
            following = at + number + 1 if number < len(pieces) else -1
            slots += (struct.pack("<bB", following, len(piece)) + _characters(piece)).ljust(
                32, b"\0"
            )
    return slots, order


def droot(kind: int, names: dict[tuple[int, ...], bytes], first: int = 11) -> bytes:
    """Return the root of a directory."""
    slots, order = dslots(names, 1, first)
    head = struct.pack("<16xBBbbI", 0x81 | kind, len(names), 0, 0, 2) + order.ljust(8, b"\0")
    return (head + slots).ljust(9 * SLOT, b"\0")


def dpage(kind: int, names: dict[tuple[int, ...], bytes], address: int, first: int = 11) -> bytes:
    """Return a page of a directory."""
    slots, order = dslots(names, 5, first)
    head = struct.pack("<16xBBbbBBxx", kind, len(names), 0, 0, 128, 1) + pxd(address)
    return (head + order.ljust(4 * SLOT, b"\0") + slots).ljust(BLOCK, b"\0")


def blocks(pages: dict[int, bytes]) -> Blocks:
    """Return a partition with ``pages`` by their block."""
    data = bytearray(COUNT * BLOCK)
    for address, page in pages.items():
        data[address * BLOCK : address * BLOCK + len(page)] = page
    return Blocks(Window(Memory(bytes(data)), 0, len(data), "disk 0, partition 1"), BLOCK)


def _characters(name: tuple[int, ...]) -> bytes:
    return struct.pack(f"<{len(name)}H", *name)

# SPDX-License-Identifier: Apache-2.0
"""Small parts of a Btrfs put together by hand: a super block, nodes, and a disk that holds them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from awscrt.checksums import crc32c  # type: ignore[import-untyped]
from tests.guest.test_window import Memory

from vmferry.guest.filesystems.btrfs.chunks import Chunks
from vmferry.guest.filesystems.btrfs.superblock import (
    ARRAY_OFFSET,
    MAGIC,
    OFFSET,
    SIZE,
    read_super_block,
)
from vmferry.guest.filesystems.btrfs.tree import Key, Root, Trees
from vmferry.guest.window import Window
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystems.btrfs.superblock import SuperBlock

FSID: Final = b"f" * 16
NODE: Final = 4 * KIB
GENERATION: Final = 7
SHIFT: Final = MIB
"""Logical address less place on the disk."""
DISK: Final = 4 * MIB
SINGLE: Final = 2


def sealed(block: bytes) -> bytes:
    """Return ``block`` with its checksum in front."""
    value: int = crc32c(block[32:])
    return value.to_bytes(4, "little").ljust(32, b"\0") + block[32:]


def chunk(length: int, kind: int, *stripes: tuple[int, int]) -> bytes:
    """Return a chunk item; a stripe is a device and a place."""
    item = struct.pack("<QQQQIIIHH", length, 2, 64 * KIB, kind, 0, 0, 0, len(stripes), 0)
    return item + b"".join(struct.pack("<QQ16x", *stripe) for stripe in stripes)


def super_block(**changes: int) -> bytes:
    """Return a super block of one device whose one chunk starts at logical ``SHIFT``.

    Args:
        changes: Values by the specification's names.
    """
    array = struct.pack("<QBQ", 256, 228, SHIFT) + chunk(DISK, SINGLE, (1, 0))
    fields = {
        "bytenr": (48, "Q", OFFSET),
        "flags": (56, "Q", 1),
        "generation": (72, "Q", GENERATION),
        "root": (80, "Q", SHIFT + MIB),
        "chunk_root": (88, "Q", SHIFT + MIB),
        "log_root": (96, "Q", 0),
        "num_devices": (136, "Q", 1),
        "sectorsize": (144, "I", NODE),
        "nodesize": (148, "I", NODE),
        "sys_chunk_array_size": (160, "I", len(array)),
        "chunk_root_generation": (164, "Q", GENERATION),
        "incompat_flags": (188, "Q", 0x341),
        "csum_type": (196, "H", 0),
        "root_level": (198, "B", 0),
        "chunk_root_level": (199, "B", 0),
        "devid": (201, "Q", 1),
    }
    block = bytearray(SIZE)
    block[32:48] = FSID
    block[64:72] = MAGIC
    block[ARRAY_OFFSET : ARRAY_OFFSET + len(array)] = array
    for name, (at, code, value) in fields.items():
        struct.pack_into(f"<{code}", block, at, changes.get(name, value))
    return sealed(bytes(block))


def leaf(logical: int, items: dict[Key, bytes], generation: int = GENERATION) -> bytes:
    """Return a leaf of ``items`` in the order given."""
    heads, data = b"", b""
    for key, item in items.items():
        data = item + data
        heads += struct.pack("<QBQII", *key, NODE - 101 - len(data), len(item))
    return node(logical, heads, len(items), 0, data, generation)


def inner(
    logical: int, level: int, children: dict[Key, int], generation: int = GENERATION
) -> bytes:
    """Return a node of ``level`` with the addresses of its children."""
    heads = b"".join(
        struct.pack("<QBQQQ", *key, address, GENERATION) for key, address in children.items()
    )
    return node(logical, heads, len(children), level, b"", generation)


def node(
    logical: int, heads: bytes, count: int, level: int, data: bytes = b"", generation: int = 7
) -> bytes:
    """Return a node of these heads, with ``data`` at its end."""
    header = FSID + struct.pack("<QQ16sQQIB", logical, 1, b"c" * 16, generation, 5, count, level)
    return sealed(bytes(32) + header + heads + bytes(NODE - 101 - len(heads) - len(data)) + data)


def window(nodes: dict[int, bytes], block: bytes = b"") -> Window:
    """Return a partition with ``nodes`` by their logical address."""
    data = bytearray(DISK)
    data[OFFSET : OFFSET + SIZE] = block or super_block()
    for logical, content in nodes.items():
        data[logical - SHIFT : logical - SHIFT + len(content)] = content
    return Window(Memory(bytes(data)), 0, DISK, "disk 0, partition 1")


def parsed(**changes: int) -> SuperBlock:
    """Return the super block with ``changes``, read."""
    return read_super_block(super_block(**changes))


def trees(nodes: dict[int, bytes]) -> Trees:
    """Return a reader of ``nodes``."""
    block = parsed()
    return Trees(window(nodes), block, Chunks(block, DISK))


def root(logical: int, level: int = 0) -> Root:
    """Return a tree that starts there."""
    return Root(logical, GENERATION, level)

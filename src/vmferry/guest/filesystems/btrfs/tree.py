# SPDX-License-Identifier: Apache-2.0
"""The trees: nodes of sorted keys, whose leaves hold the items.

    Dec  Hex  Header of a node           Dec  Hex  In a leaf, from 101       In other nodes
      0  0x00 checksum      32 bytes       0  0x00 key          17 bytes     key         17 bytes
     32  0x20 fsid          16 bytes      17  0x11 offset       u32          blockptr    u64
     48  0x30 bytenr        u64           21  0x15 size         u32          generation  u64
     80  0x50 generation    u64                    (offset from byte 101)
     96  0x60 nritems       u32
    100  0x64 level         u8

A key is objectid (u64), type (u8), offset (u64), and sorts in that order. A child must have exactly
the level, the generation and the first key that its parent names, and no key that the parent's next
one has; so no walk can meet a node twice, and a walk is never longer than what it yields.

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "Header", "Items".
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.checksum import is_intact
from vmferry.guest.filesystems.btrfs.superblock import HIGHEST_LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.btrfs.chunks import Chunks
    from vmferry.guest.filesystems.btrfs.superblock import SuperBlock
    from vmferry.guest.window import Window

MOST_KEPT: Final = 64
"""Nodes kept parsed: some 50 MiB with nodes of 64 KiB, a quarter of it with the usual 16 KiB."""

HIGHEST: Final = (1 << 64) - 1

_HEADER: Final = struct.Struct("<32x16sQ24xQ8xIB")
_ITEM: Final = struct.Struct("<QBQII")
_POINTER: Final = struct.Struct("<QBQQQ")

Key: TypeAlias = tuple[int, int, int]


class Root(NamedTuple):
    """Where a tree starts."""

    logical: int
    generation: int
    level: int


class _Place(NamedTuple):
    """A node and what it must be: ``first`` is its first key, ``limit`` lies behind its last."""

    logical: int
    generation: int
    level: int
    first: Key | None = None
    limit: Key | None = None


class _Node(NamedTuple):
    """One node; ``ends`` are offset and size of a leaf's items, or blockptr and generation."""

    generation: int
    level: int
    keys: list[Key]
    ends: list[tuple[int, int]]
    data: bytes


class Trees:
    """Reads the trees of a file system.

    Args:
        window: The partition.
        super_block: Says what nodes look like.
        chunks: Says where they are.
    """

    def __init__(self, window: Window, super_block: SuperBlock, chunks: Chunks) -> None:
        self._window = window
        self._super = super_block
        self._chunks = chunks
        self._kept: OrderedDict[int, _Node] = OrderedDict()

    def get(self, root: Root, key: Key) -> bytes | None:
        """Return the item with ``key``, or ``None``. Raises ``FormatError`` on damage."""
        return next((item for _, item in self.items(root, key, key)), None)

    def items(self, root: Root, low: Key, high: Key) -> Iterator[tuple[Key, bytes]]:
        """Yield key and item for every key from ``low`` to ``high``, both included.

        Raises:
            FormatError: A node on the way is damaged.
        """
        return self._walk(_Place(*root), low, high)

    def _walk(self, place: _Place, low: Key, high: Key) -> Iterator[tuple[Key, bytes]]:
        node = self._node(place)
        keys = node.keys
        if node.level == 0:
            for position in range(bisect_left(keys, low), bisect_right(keys, high)):
                start, size = node.ends[position]
                yield keys[position], node.data[start : start + size]
            return
        for position in range(max(0, bisect_right(keys, low) - 1), bisect_right(keys, high)):
            limit = keys[position + 1] if position + 1 < len(keys) else place.limit
            child = _Place(*node.ends[position], node.level - 1, keys[position], limit)
            yield from self._walk(child, low, high)

    def _node(self, place: _Place) -> _Node:
        node = self._kept.get(place.logical)
        if node is None:
            node = self._kept[place.logical] = self._read(place.logical)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(place.logical)
        _check_place(node, place)
        return node

    def _read(self, logical: int) -> _Node:
        """Return the first intact copy of the node at ``logical``."""
        size = self._super.node_size
        damage: list[FormatError] = []
        for offset in self._chunks.copies(logical, size):
            try:
                return self._parse(logical, self._window.peek(offset, size), offset)
            except FormatError as error:
                damage.append(error)
        raise damage[0]

    def _parse(self, logical: int, data: bytes, offset: int) -> _Node:
        fsid, bytenr, generation, count, level = _HEADER.unpack_from(data)
        if not is_intact(data, self._super.checksum):
            raise FormatError("node", where=offset, found="a wrong checksum")
        if (fsid, bytenr) != (self._super.fsid, logical):
            raise FormatError(
                "node", where=offset, found=f"one of address {bytenr}", expected=f"of {logical}"
            )
        record = _POINTER if level else _ITEM
        if level > HIGHEST_LEVEL or _HEADER.size + count * record.size > len(data):
            raise FormatError("node", where=offset, found=f"{count} items at level {level}")
        records = list(record.iter_unpack(data[_HEADER.size : _HEADER.size + count * record.size]))
        keys = [row[:3] for row in records]
        if any(map(_not_below, keys, keys[1:])):
            raise FormatError("node", where=offset, found="keys out of order")
        ends = [(row[3], row[4]) for row in records]
        if level == 0:
            ends = [(_HEADER.size + start, size) for start, size in ends]
            if any(start + size > len(data) for start, size in ends):
                raise FormatError("leaf", where=offset, found="an item behind its end")
        return _Node(generation, level, keys, ends, data)


def _not_below(key: Key, following: Key) -> bool:
    return key >= following


def _check_place(node: _Node, place: _Place) -> None:
    found: object = (node.generation, node.level)
    expected: object = (place.generation, place.level)
    if found == expected and place.first is not None:
        found, expected = node.keys[:1], [place.first]
    if found == expected and place.limit is not None and node.keys[-1] >= place.limit:
        found, expected = node.keys[-1], f"a key below {place.limit}"
    elif found == expected:
        return
    raise FormatError(f"node {place.logical}", found=found, expected=expected)

# SPDX-License-Identifier: Apache-2.0
"""Writes the indexes in which kmod finds modules: ``modules.dep.bin`` and ``modules.alias.bin``.

    Dec  Hex   Header                            Node, in this order, where its bits say so
      0  0x00  magic b0 07 f4 57                 prefix, ends with NUL                (bit 31)
      4  0x04  version 0x00020001    u32         first and last character       u8 u8 (bit 29)
      8  0x08  root node             u32           node of each, 0 for none       u32
                                                 number of values                 u32 (bit 30)
                                                   priority u32, value, ends with NUL

A place of a node carries those bits of the node. Numbers are big-endian. The key of a value is
what stands on the way to it: prefixes, and the characters between them.

Source: kmod, libkmod/libkmod-index.c, "Integers are stored as 32 bit unsigned in network order".
"""

from __future__ import annotations

import struct
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEADER: Final = struct.Struct(">III")
MAGIC: Final = 0xB007F457
VERSION: Final = 0x00020001
NUMBER: Final = struct.Struct(">I")
PREFIX: Final = 1 << 31
VALUES: Final = 1 << 30
CHILDREN: Final = 1 << 29
LONGEST_KEY: Final = 500
"""Longer ones are left out: a node is a call, and Python has a thousand. Real ones have 120."""

Keyed = tuple[str, int, str]


def index(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the index of keys and values; of values of one key the first ones win.

    Keys that are not ASCII are left out, as kmod does.
    """
    items = sorted(
        (key, priority, value)
        for priority, (key, value) in enumerate(pairs)
        if len(key) <= LONGEST_KEY and key.isascii()
    )
    out = bytearray(HEADER.size)
    root = _node(out, items, 0)
    HEADER.pack_into(out, 0, MAGIC, VERSION, root)
    return bytes(out)


def _node(out: bytearray, items: Sequence[Keyed], start: int) -> int:
    """Append the node of ``items``, whose keys are the same before ``start``; return its place."""
    prefix = _common(items[0][0][start:], items[-1][0][start:]) if items else ""
    at = start + len(prefix)
    values = [item for item in items if len(item[0]) == at]
    below: dict[int, int] = {}
    for character, group in groupby(items[len(values) :], key=lambda item: item[0][at]):
        below[ord(character)] = _node(out, list(group), at + 1)
    place = len(out)
    if prefix:
        place |= PREFIX
        out += prefix.encode("ascii") + b"\0"
    if below:
        place |= CHILDREN
        first, last = min(below), max(below)
        out += bytes((first, last))
        for character in range(first, last + 1):
            out += NUMBER.pack(below.get(character, 0))
    if values:
        place |= VALUES
        out += NUMBER.pack(len(values))
        for _, priority, value in values:
            out += NUMBER.pack(priority) + value.encode("utf-8", "surrogateescape") + b"\0"
    return place


def _common(one: str, other: str) -> str:
    """Return how both begin."""
    for at, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return one[:at]
    return min(one, other, key=len)

# SPDX-License-Identifier: Apache-2.0
"""Extent items put together by hand: what they give, and what they may not cost."""

from __future__ import annotations

import struct
import time
import zlib
from typing import TYPE_CHECKING, Final

import pytest
from tests.guest.filesystems.btrfs.pieces import DISK, NODE, SHIFT, parsed, window

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.chunks import Chunks
from vmferry.guest.filesystems.btrfs.extents import EXTENT_DATA, Extents
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystems.btrfs.tree import Key

PLACE: Final = SHIFT + MIB
FULL: Final = 128 * KIB
WORST: Final = b"\x15abcd" + b"\x40\x00" * 1350 + b"\x11\0\0"
"""LZO's dearest: 3 bytes of file by each instruction of two."""


def _reader(at_place: bytes = b"") -> Extents:
    return Extents(window({PLACE: at_place}), Chunks(parsed(), DISK), NODE)


def _inline(data: bytes, length: int, packed: int = 0) -> bytes:
    return struct.pack("<QQBBHB", 7, length, packed, 0, 0, 0) + data


def _regular(*numbers: int, length: int = FULL, packed: int = 0, kind: int = 1) -> bytes:
    return struct.pack("<QQBBHBQQQQ", 7, length, packed, 0, 0, kind, *numbers)


def _at(start: int, item: bytes) -> tuple[Key, bytes]:
    return (257, EXTENT_DATA, start), item


def test_reads_inline_and_regular_extents_and_holes() -> None:
    data = bytes(range(256)) * 32
    reader = _reader(data)
    assert reader.read([_at(0, _inline(b"short", 5))], 5) == b"short"
    assert reader.read([_at(0, _inline(b"short", 5))], 3) == b"sho"
    assert reader.read([_at(0, _inline(zlib.compress(b"long"), 4, 1))], 4) == b"long"
    items = [
        _at(0, _regular(0, 0, 0, NODE)),
        _at(NODE, _regular(PLACE, 2 * NODE, NODE, NODE)),
        _at(3 * NODE, _regular(PLACE, NODE, 0, NODE, kind=2)),
        _at(4 * NODE, _regular(PLACE, NODE, 0, NODE)),
    ]
    wanted = bytes(NODE) + data[NODE : 2 * NODE] + bytes(2 * NODE) + data[:9]
    assert reader.read(items, 4 * NODE + 9) == wanted


def test_reads_a_part_of_a_compressed_extent() -> None:
    data = bytes(range(250)) * 500
    packed = zlib.compress(data)
    item = _regular(PLACE, len(packed), 2 * NODE, NODE, length=len(data), packed=1)
    assert _reader(packed).read([_at(0, item)], NODE) == data[2 * NODE : 3 * NODE]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (b"", "extent: found an item of 0 bytes"),
        (_regular(PLACE, NODE, 0, NODE)[:-1], "extent: found an item of 52 bytes"),
        (_regular(PLACE, NODE, 0, NODE, kind=3), "extent: found type 3"),
        (_inline(b"", 9)[:17] + b"\x01\0\0\0", "extent: found type 0, encoding 1, 0"),
        (_regular(PLACE, NODE, 0, 0), "extent: found 0 bytes of file offset 0, no sectors"),
        (_regular(PLACE, NODE, 1, NODE), "no sectors"),
        (_regular(PLACE, NODE, 0, 2 * NODE), "an end behind its 4096 bytes"),
        (_regular(PLACE, 1 << 60, 1 << 61, NODE), "an end behind its"),
        (_regular(1 << 62, NODE, 0, NODE), "chunks: found none"),
        (_regular(PLACE, FULL + NODE, 0, NODE, packed=1), "compressed extent: found 135168 bytes"),
        (_regular(PLACE, NODE, 0, NODE, packed=1, length=1 << 40), "expected up to 131072"),
        (_regular(PLACE, NODE, 0, NODE, packed=9), "compression: found 9"),
        (_inline(b"x", 1 << 40, packed=2), "expected up to 131072"),
    ],
)
def test_refuses_by_name(item: bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        _reader().read([_at(0, item)], NODE)
    assert message in caught.value.message


def test_overlaps_are_refused() -> None:
    item = _regular(0, 0, 0, 2 * NODE)
    with pytest.raises(FormatError, match="extents: found two of file offset 4096"):
        _reader().read([_at(0, item), _at(NODE, item)], 4 * NODE)
    with pytest.raises(FormatError, match="inline extent: found one of file offset 4096"):
        _reader().read([_at(NODE, _inline(b"x", 1))], 4 * NODE)


@pytest.mark.parametrize("packed", [1, 2])
def test_much_to_decompress_ends_soon(packed: int) -> None:
    segment = len(WORST).to_bytes(4, "little") + WORST
    lzo = bytearray(4)
    while len(lzo) < FULL - 4 * KIB:
        lzo += bytes(-len(lzo) % NODE if NODE - len(lzo) % NODE < 4 else 0) + segment
    lzo[:4] = len(lzo).to_bytes(4, "little")
    stored = bytes(lzo) if packed == 2 else zlib.compress(bytes(range(256)) * 512)
    reader = _reader(stored)
    item_of = [
        _regular(PLACE, len(stored), 0, NODE, length=FULL - number % 64, packed=packed)
        for number in range(64 * MIB // NODE)
    ]
    start = time.process_time()
    with pytest.raises(FormatError, match="more to decompress than a look takes"):
        reader.read([_at(n * NODE, item) for n, item in enumerate(item_of)], 64 * MIB)
    assert time.process_time() - start < 10

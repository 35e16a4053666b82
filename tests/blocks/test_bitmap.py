# SPDX-License-Identifier: Apache-2.0
"""The bitmap of a device: lies as its table says, finds runs, writes only what changed."""

from __future__ import annotations

import hashlib
import re
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.blocks.bitmap import Bitmap, write_bitmap
from vmferry.errors import IntegrityError
from vmferry.units import BLOCK, GIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 10 * BLOCK + 1
GRANULES = 88


def _made(folder: Path, size: int = SIZE) -> Bitmap:
    write_bitmap(folder / "bitmap", size, 5)
    return Bitmap(folder / "bitmap", 5)


def test_a_bitmap_lies_as_its_table_says(tmp_path: Path) -> None:
    bitmap = _made(tmp_path)
    bitmap.add(8, 10)
    bitmap.keep(bitmap.take())
    data = (tmp_path / "bitmap").read_bytes()
    assert struct.unpack_from("<8sQQ", data) == (b"VMFCOW01", SIZE, 5)
    assert data[24:32] == hashlib.sha256(data[:24]).digest()[:8]
    assert data[32:4096] == bytes(4096 - 32)
    assert data[4096:] == b"\0\x03" + bytes(9)
    assert not (tmp_path / "bitmap.new").exists()


ranges = st.lists(
    st.tuples(st.integers(0, GRANULES), st.integers(0, GRANULES)).map(sorted), max_size=8
)


@given(ranges, st.integers(0, GRANULES), st.integers(0, GRANULES))
def test_bits_are_a_set_of_granules(
    tmp_path_factory: pytest.TempPathFactory, added: list[list[int]], one: int, other: int
) -> None:
    folder = tmp_path_factory.mktemp("bitmap")
    bitmap = _made(folder)
    held = set()
    for first, end in added:
        bitmap.add(first, end)
        held |= set(range(first, end))
    bitmap.keep(bitmap.take())
    low, high = sorted((one, other))
    for found in (bitmap, Bitmap(folder / "bitmap", 5)):
        runs = list(found.runs(low, high))
        assert [n for first, end, _ in runs for n in range(first, end)] == list(range(low, high))
        assert {n for first, end, on in runs if on for n in range(first, end)} == {
            n for n in held if low <= n < high
        }
        assert all(one[2] is not other[2] for one, other in pairwise(runs))
        assert found.holds(low, high) == (set(range(low, high)) <= held)
        assert list(found.blocks()) == sorted({n // 8 for n in held})


def test_only_pages_that_changed_are_taken_and_once(tmp_path: Path) -> None:
    bitmap = _made(tmp_path, 9 * GIB)
    bitmap.add(8 * 4096 - 1, 8 * 4096 + 1)
    bitmap.add(4 * 8 * 4096, 4 * 8 * 4096 + 1)
    assert bitmap.take() == {
        0: bytes(4095) + b"\x80",
        1: b"\x01" + bytes(4095),
        4: b"\x01" + bytes(2047),
    }
    assert bitmap.take() == {}


def _cut(data: bytearray) -> None:
    del data[-1]


def _size(data: bytearray) -> None:
    data[8] ^= 1


def _empty(data: bytearray) -> None:
    data.clear()


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (_cut, f"its bitmap has 4106 bytes, expected 4107 for {SIZE} bytes"),
        (_size, "the header of its bitmap is 564d46434f573031"),
        (_empty, "the header of its bitmap is "),
    ],
)
def test_a_damaged_bitmap(tmp_path: Path, damage: Callable[[bytearray], None], text: str) -> None:
    _made(tmp_path)
    data = bytearray((tmp_path / "bitmap").read_bytes())
    damage(data)
    (tmp_path / "bitmap").write_bytes(data)
    with pytest.raises(IntegrityError, match=rf"^device: {re.escape(text)}"):
        Bitmap(tmp_path / "bitmap", 5)


def test_another_base_and_none(tmp_path: Path) -> None:
    _made(tmp_path)
    with pytest.raises(IntegrityError, match=r"base has 6 bytes, expected the 5 of the base that"):
        Bitmap(tmp_path / "bitmap", 6)
    with pytest.raises(IntegrityError, match=r"^device: its bitmap cannot be read: No such file"):
        Bitmap(tmp_path / "none", 5)

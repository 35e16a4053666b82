# SPDX-License-Identifier: Apache-2.0
"""Blocks: bitmaps, neighbours, and any range of any disk."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource
from tests.formats.vhd.recipes import dynamic_vhd, opened

from vmferry.formats.vhd.reader import VhdReader
from vmferry.units import MIB


def test_sectors_without_a_bit_are_zeros() -> None:
    written = {0: b"\x80", 1: b"\x01", 2: b"\x5a", 3: b"\0"}
    disk = opened(dynamic_vhd(dict.fromkeys(range(4), b"x" * 4096), 16384, written=written))
    content = disk.read_at(0, 16384)
    sectors = "".join("1" if content[at] else "0" for at in range(0, 16384, 512))
    assert sectors == "10000000000000010101101000000000"
    assert content.count(b"x") == 6 * 512
    assert disk.read_at(511, 2) == b"x\0"


def test_neighbours_are_one_read() -> None:
    blocks = {number: bytes([number + 1]) * 4096 for number in range(8)}
    source = MemorySource(dynamic_vhd(blocks, 8 * 4096))
    disk = VhdReader(source)
    disk.read_at(0, 1)
    source.reads.clear()
    assert disk.read_at(0, 8 * 4096) == b"".join(blocks.values())
    assert len(source.reads) == 1
    source = MemorySource(dynamic_vhd(blocks, 8 * 4096, order=lambda numbers: numbers[::-1]))
    disk = VhdReader(source)
    assert disk.read_at(0, 8 * 4096) == b"".join(blocks.values())


def test_few_bytes_far_inside_a_block() -> None:
    content = random.Random(3).randbytes(2 * MIB)
    source = MemorySource(dynamic_vhd({0: content}, 2 * MIB, block=2 * MIB))
    disk = VhdReader(source)
    source.reads.clear()
    assert disk.read_at(MIB, 512) == content[MIB : MIB + 512]
    assert disk.read_at(MIB + 9, 512) == content[MIB + 9 : MIB + 521]
    assert [length for _, length in source.reads] == [4, 512, 512, 512]


def test_bitmaps_are_forgotten() -> None:
    """A block of 256 MiB has half a million bits; only a few such bitmaps are kept."""
    blocks = dict.fromkeys(range(3000), b"y" * 4096)
    disk = opened(dynamic_vhd(blocks, 3000 * 4096))
    assert disk.read_at(0, 3000 * 4096) == b"y" * (3000 * 4096)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return a disk's file and content."""
    sectors = draw(st.integers(1, 100))
    block = draw(st.sampled_from([4096, 8192, 16384]))
    count = -(-sectors * 512 // block)
    chance = draw(st.randoms(use_true_random=False))
    numbers = draw(st.sets(st.integers(0, count - 1)))
    blocks = {number: chance.randbytes(block) for number in numbers}
    written = {number: chance.randbytes(block // 4096) for number in numbers if number % 3}
    content = bytearray(count * block)
    for number in numbers:
        bits = written.get(number, b"\xff" * (block // 4096))
        for at in range(block // 512):
            if bits[at // 8] >> (7 - at % 8) & 1:
                start = number * block + at * 512
                content[start : start + 512] = blocks[number][at * 512 : at * 512 + 512]

    def shuffle(order: list[int]) -> list[int]:
        chance.shuffle(order)
        return order

    order = shuffle if draw(st.booleans()) else list[int]
    data = dynamic_vhd(blocks, sectors * 512, block=block, written=written, order=order)
    return bytes(data), bytes(content[: sectors * 512])


@given(layouts(), st.data())
def test_any_range(layout: tuple[bytes, bytes], data: st.DataObject) -> None:
    file, content = layout
    disk = VhdReader(MemorySource(file))
    assert disk.size == len(content)
    for _ in range(5):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, len(content) - start))
        assert disk.read_at(start, length) == content[start : start + length]
        for extent in disk.extents(start, length):
            if extent.kind == "zero":
                assert not any(content[extent.offset : extent.end])
    assert disk.read_at(0, len(content)) == content

# SPDX-License-Identifier: Apache-2.0
"""The writer: any layout in any cut comes back, and always as the same bytes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource, SparseDisk, ignore, read_all, written

from vmferry.errors import FormatError
from vmferry.formats.vhdx import writer as writer_module
from vmferry.formats.vhdx.reader import VhdxReader
from vmferry.formats.vhdx.writer import VhdxWriter
from vmferry.units import MIB, TIB


@st.composite
def disks(draw: st.DrawFn) -> SparseDisk:
    """Disks of up to six blocks with a few ranges of zeros, text and noise anywhere."""
    size = draw(st.integers(1, 6 * MIB // 512)) * 512
    gaps = st.tuples(
        st.integers(1, size // 2 + 1), st.integers(1, 1_500_000), st.sampled_from("0an")
    )
    ranges, at = dict[int, bytes](), 0
    for gap, length, kind in draw(st.lists(gaps, max_size=5)):
        at += gap
        if at + length > size:
            break
        noise = random.Random(at).randbytes(length)
        ranges[at] = {"0": bytes(length), "a": b"t" * length, "n": noise}[kind]
        at += length
    return SparseDisk(size, ranges)


@settings(max_examples=40, deadline=None)
@given(disks(), st.sets(st.integers(1, 5)))
def test_what_is_written_is_read(disk: SparseDisk, cuts: set[int]) -> None:
    places = [cut * MIB for cut in sorted(cuts) if cut * MIB < disk.size]
    data = written(VhdxWriter(disk.size), disk, places)
    assert data == written(VhdxWriter(disk.size), disk)
    reader = VhdxReader(MemorySource(data))
    assert reader.size == disk.size
    assert reader.warnings == ()
    assert read_all(reader, MIB + 7) == disk.read_at(0, disk.size)


def test_zeros_are_left_out() -> None:
    disk = SparseDisk(100 * MIB, {0: bytes(5 * MIB), 50 * MIB + 9: b"x"})
    data = written(VhdxWriter(disk.size), disk)
    assert len(data) == 5 * MIB
    (_, extent, _) = VhdxReader(MemorySource(data)).extents()
    assert (extent.offset, extent.length) == (50 * MIB, MIB)


def test_more_blocks_than_a_chunk() -> None:
    size = 4100 * MIB
    disk = SparseDisk(size, {at * MIB: bytes([at % 255 + 1]) for at in (0, 4095, 4096, 4099)})
    reader = VhdxReader(MemorySource(written(VhdxWriter(disk.size), disk, [4095 * MIB])))
    assert [extent.offset // MIB for extent in reader.extents()] == [0, 1, 4095, 4097, 4099]
    for at in (0, 4095, 4096, 4099):
        assert reader.read_at(at * MIB, 2) == bytes([at % 255 + 1, 0])


@pytest.mark.parametrize(
    ("size", "block"),
    [(1, 1), (TIB, 1), (TIB + 1, 2), (16 * TIB, 16), (64 * TIB, 64)],
)
def test_blocks_grow_with_the_disk(size: int, block: int) -> None:
    assert VhdxWriter(size).alignment == block * MIB


def test_large_blocks_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_MOST_BLOCKS", 2)
    noise = random.Random(1).randbytes(100_000)
    disk = SparseDisk(24 * MIB, {9 * MIB: noise, 15 * MIB: noise, 23 * MIB: b"z"})
    assert VhdxWriter(disk.size).alignment == 16 * MIB
    data = written(VhdxWriter(disk.size), disk, [16 * MIB])
    assert data == written(VhdxWriter(disk.size), disk)
    assert read_all(VhdxReader(MemorySource(data))) == disk.read_at(0, disk.size)


def test_a_ragged_size_is_the_next_sector() -> None:
    disk = SparseDisk(100_001, {100_000: b"z"})
    reader = VhdxReader(MemorySource(written(VhdxWriter(disk.size), disk)))
    assert reader.size == 196 * 512
    assert read_all(reader) == bytes(100_000) + b"z" + bytes(196 * 512 - 100_001)


def test_the_identity_tells_contents_apart() -> None:
    ids = {
        VhdxReader(
            MemorySource(written(VhdxWriter(size), SparseDisk(size, {at: text})))
        ).metadata.disk_id
        for size, at, text in ((MIB, 0, b"a"), (MIB, 0, b"b"), (MIB, 1, b"a"), (2 * MIB, 0, b"a"))
    }
    assert len(ids) == 4


@pytest.mark.parametrize("size", [0, 64 * TIB + 1])
def test_sizes_that_the_format_cannot_say(size: int) -> None:
    with pytest.raises(FormatError, match="vhdx: virtual disk size"):
        VhdxWriter(size)


@pytest.mark.parametrize(("offset", "length"), [(1, 10), (MIB, MIB), (0, -1), (0, MIB + 2)])
def test_slices_that_are_no_slices(offset: int, length: int) -> None:
    disk = SparseDisk(MIB + 1, {})
    with pytest.raises(FormatError, match="vhdx: slice: found"):
        VhdxWriter(disk.size).encode(disk, offset, length, ignore)

# SPDX-License-Identifier: Apache-2.0
"""The dynamic writer: any layout in any cut comes back, and always as the same bytes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import SparseDisk, ignore, read_all, written
from tests.formats.vhd.recipes import opened

from vmferry.errors import FormatError
from vmferry.formats.vhd.dynamic import DynamicVhdWriter
from vmferry.units import MIB

BLOCK = 2 * MIB


@st.composite
def disks(draw: st.DrawFn) -> SparseDisk:
    """Disks of up to four blocks with a few ranges of zeros and noise anywhere."""
    size = draw(st.integers(1, 4 * BLOCK))
    ranges, at = dict[int, bytes](), 0
    steps = st.tuples(st.integers(1, BLOCK), st.integers(1, 90_000), st.booleans())
    for gap, length, noise in draw(st.lists(steps, max_size=4)):
        at += gap
        if at + length > size:
            break
        ranges[at] = random.Random(at).randbytes(length) if noise else bytes(length)
        at += length
    return SparseDisk(size, ranges)


@given(disks(), st.sets(st.integers(1, 3)))
def test_what_is_written_is_read(disk: SparseDisk, cuts: set[int]) -> None:
    data = written(
        DynamicVhdWriter(disk.size),
        disk,
        [cut * BLOCK for cut in sorted(cuts) if cut * BLOCK < disk.size],
    )
    assert data == written(DynamicVhdWriter(disk.size), disk)
    found = opened(data)
    assert found.size == -(-disk.size // 512) * 512
    assert (found.create_type, found.warnings) == ("dynamic", ())
    assert found.read_at(0, disk.size) == disk.read_at(0, disk.size)


def test_zeros_are_left_out_and_blocks_are_aligned() -> None:
    data = written(
        DynamicVhdWriter(4 * BLOCK), SparseDisk(4 * BLOCK, {0: bytes(BLOCK), BLOCK + 70_000: b"x"})
    )
    assert len(data) == 4096 + 4096 + BLOCK + 512
    assert data.index(b"x", 4096) == 8192 + 70_000
    assert data[:512] == data[-512:]
    assert data[8192 - 512 : 8192] == b"\xff" * 512


def test_a_ragged_size_is_the_next_sector() -> None:
    found = opened(written(DynamicVhdWriter(100_001), SparseDisk(100_001, {100_000: b"z"})))
    assert read_all(found) == bytes(100_000) + b"z" + bytes(196 * 512 - 100_001)


def test_the_id_tells_contents_apart() -> None:
    layouts: list[dict[int, bytes]] = [{0: b"a"}, {0: b"b"}, {BLOCK: b"a"}, {}]
    assert (
        len(
            {
                written(DynamicVhdWriter(2 * BLOCK), SparseDisk(2 * BLOCK, layout))[68:84]
                for layout in layouts
            }
        )
        == 4
    )


@pytest.mark.parametrize("size", [0, 1 << 41])
def test_sizes_that_the_format_cannot_say(size: int) -> None:
    with pytest.raises(FormatError, match="vhd: size of the disk"):
        DynamicVhdWriter(size)


@pytest.mark.parametrize(("offset", "length"), [(1, 10), (BLOCK, BLOCK), (0, -1), (0, BLOCK + 2)])
def test_slices_that_are_no_slices(offset: int, length: int) -> None:
    disk = SparseDisk(BLOCK + 1, {})
    with pytest.raises(FormatError, match="vhd: slice: found"):
        DynamicVhdWriter(disk.size).encode(disk, offset, length, ignore)

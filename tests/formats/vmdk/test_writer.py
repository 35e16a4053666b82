# SPDX-License-Identifier: Apache-2.0
"""The writer: any layout in any cut comes back, and always as the same bytes."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource, SparseDisk, ignore, read_all, written

from vmferry.errors import FormatError
from vmferry.formats import Effort
from vmferry.formats.vmdk import writer as writer_module
from vmferry.formats.vmdk.reader import VmdkReader
from vmferry.formats.vmdk.stream import GrainStream
from vmferry.formats.vmdk.writer import VmdkWriter
from vmferry.units import MIB, TIB

TABLE = 32 * MIB


@st.composite
def disks(draw: st.DrawFn) -> SparseDisk:
    """Disks of up to four tables with a few ranges of zeros, text and noise anywhere."""
    sectors = draw(st.integers(1, 4 * TABLE // 512))
    ranges, at = dict[int, bytes](), 0
    for gap, length, kind in draw(
        st.lists(
            st.tuples(
                st.integers(1, sectors * 256), st.integers(1, 150_000), st.sampled_from("0an")
            ),
            max_size=6,
        )
    ):
        at += gap
        if at + length > sectors * 512:
            break
        noise = random.Random(at).randbytes(length)
        ranges[at] = {"0": bytes(length), "a": b"text" * (length // 4 + 1), "n": noise}[kind][
            :length
        ]
        at += length
    return SparseDisk(sectors * 512, ranges)


@given(disks(), st.sets(st.integers(1, 3)))
def test_what_is_written_is_read(disk: SparseDisk, cuts: set[int]) -> None:
    places = [cut * TABLE for cut in sorted(cuts) if cut * TABLE < disk.size]
    data = written(VmdkWriter(disk.size), disk, places)
    assert data == written(VmdkWriter(disk.size), disk)
    reader = VmdkReader(MemorySource(data))
    assert reader.size == disk.size
    for extent in disk.extents():
        step = MIB
        for at in range(extent.offset, extent.end, step):
            length = min(step, extent.end - at)
            assert reader.read_at(at, length) == disk.read_at(at, length)
    for offset, grain in GrainStream([data]):
        assert grain == disk.read_at(offset, len(grain))


def test_zeros_are_left_out() -> None:
    disk = SparseDisk(4 * TABLE, {0: bytes(TABLE), TABLE + 70_000: b"x"})
    data = written(VmdkWriter(disk.size), disk)
    assert len(data) == (128 + 1 + 5 + 2 + 2 + 1) * 512
    (_, extent, _) = VmdkReader(MemorySource(data)).extents()
    assert (extent.offset, extent.length) == (TABLE + 65536, 65536)


def test_a_ragged_size_is_the_next_sector() -> None:
    disk = SparseDisk(100_001, {100_000: b"z"})
    reader = VmdkReader(MemorySource(written(VmdkWriter(disk.size), disk)))
    assert reader.size == 196 * 512
    assert read_all(reader) == bytes(100_000) + b"z" + bytes(196 * 512 - 100_001)


def test_the_content_id_tells_contents_apart() -> None:
    one, other = (
        VmdkReader(MemorySource(written(VmdkWriter(MIB), SparseDisk(MIB, {0: text}))))
        for text in (b"a", b"b")
    )
    assert one._descriptor.content_id != other._descriptor.content_id


def test_effort_makes_smaller() -> None:
    sources = b"".join(path.read_bytes() for path in sorted(Path(os.__file__).parent.glob("*.py")))
    disk = SparseDisk(MIB, {0: sources[:MIB]})
    sizes = [len(written(VmdkWriter(MIB, effort=effort), disk)) for effort in Effort]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize("size", [0, 65 * TIB])
def test_sizes_that_the_format_cannot_say(size: int) -> None:
    with pytest.raises(FormatError, match="vmdk: header capacity"):
        VmdkWriter(size)


@pytest.mark.parametrize(("offset", "length"), [(1, 10), (TABLE, TABLE), (0, -1), (0, TABLE + 2)])
def test_slices_that_are_no_slices(offset: int, length: int) -> None:
    disk = SparseDisk(TABLE + 1, {})
    with pytest.raises(FormatError, match="vmdk: slice: found"):
        VmdkWriter(disk.size).encode(disk, offset, length, ignore)


def test_a_file_of_more_than_two_tebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_MAX_SECTOR", 128 + 5)
    with pytest.raises(FormatError, match="longer than 2 TiB"):
        written(VmdkWriter(MIB), SparseDisk(MIB, {0: b"x"}))

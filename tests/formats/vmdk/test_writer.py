# SPDX-License-Identifier: Apache-2.0
"""The writer: any layout in any cut comes back, and always as the same bytes."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource, SparseDisk, read_all

from vmferry.errors import FormatError, IntegrityError
from vmferry.formats.vmdk import pieces as pieces_module
from vmferry.formats.vmdk import writer as writer_module
from vmferry.formats.vmdk.reader import VmdkReader
from vmferry.formats.vmdk.stream import GrainStream
from vmferry.formats.vmdk.writer import VmdkWriter
from vmferry.units import MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.model.disk import Disk

TABLE = 32 * MIB


def written(disk: Disk, cuts: Sequence[int] = (), level: int = 1) -> bytes:
    writer = VmdkWriter(disk.size, level)
    bounds = [0, *cuts, disk.size]
    pieces = [io.BytesIO() for _ in bounds[1:]]
    for number in reversed(range(len(pieces))):
        start, end = bounds[number : number + 2]
        writer.encode(disk, start, end - start, pieces[number])
    out = io.BytesIO()
    writer.assemble(pieces, out)
    return out.getvalue()


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
    data = written(disk, places)
    assert data == written(disk)
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
    data = written(disk)
    assert len(data) == (128 + 1 + 5 + 2 + 2 + 1) * 512
    (_, extent, _) = VmdkReader(MemorySource(data)).extents()
    assert (extent.offset, extent.length) == (TABLE + 65536, 65536)


def test_a_ragged_size_is_the_next_sector() -> None:
    disk = SparseDisk(100_001, {100_000: b"z"})
    reader = VmdkReader(MemorySource(written(disk)))
    assert reader.size == 196 * 512
    assert read_all(reader) == bytes(100_000) + b"z" + bytes(196 * 512 - 100_001)


def test_the_content_id_tells_contents_apart() -> None:
    one, other = (
        VmdkReader(MemorySource(written(SparseDisk(MIB, {0: text})))) for text in (b"a", b"b")
    )
    assert one._descriptor.content_id != other._descriptor.content_id


def test_levels_are_only_smaller_or_larger() -> None:
    disk = SparseDisk(MIB, {0: random.Random(1).randbytes(2000) * 500})
    sizes = [len(written(disk, level=level)) for level in (0, 3)]
    assert sizes[0] >= sizes[1]


@pytest.mark.parametrize("size", [0, 65 * TIB])
def test_sizes_that_the_format_cannot_say(size: int) -> None:
    with pytest.raises(FormatError, match="vmdk: header capacity"):
        VmdkWriter(size)


@pytest.mark.parametrize(("offset", "length"), [(1, 10), (TABLE, TABLE), (0, -1), (0, TABLE + 2)])
def test_slices_that_are_no_slices(offset: int, length: int) -> None:
    disk = SparseDisk(TABLE + 1, {})
    with pytest.raises(FormatError, match="vmdk: slice: found"):
        VmdkWriter(disk.size).encode(disk, offset, length, io.BytesIO())


def test_missing_pieces() -> None:
    disk = SparseDisk(2 * TABLE, {})
    writer = VmdkWriter(disk.size)
    first, second = io.BytesIO(), io.BytesIO()
    writer.encode(disk, 0, TABLE, first)
    writer.encode(disk, TABLE, TABLE, second)
    with pytest.raises(IntegrityError, match=f"piece of byte {TABLE}, expected that of 0"):
        writer.assemble([second], io.BytesIO())
    with pytest.raises(IntegrityError, match=f"pieces of {TABLE} bytes, expected {2 * TABLE}"):
        writer.assemble([first], io.BytesIO())


def test_a_file_of_more_than_two_tebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_MAX_SECTOR", 128 + 4)
    with pytest.raises(FormatError, match="longer than 2 TiB"):
        written(SparseDisk(MIB, {0: b"x"}))


def test_the_artifact_may_be_a_pipe() -> None:
    class Pipe(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            raise AssertionError("a pipe cannot seek")

    disk = SparseDisk(MIB, {5: b"x"})
    writer, piece, out = VmdkWriter(disk.size), io.BytesIO(), Pipe()
    writer.encode(disk, 0, disk.size, piece)
    writer.assemble([piece], out)
    assert out.getvalue() == written(disk)
    assert pieces_module.ENTRIES == 512

# SPDX-License-Identifier: Apache-2.0
"""Raw: bytes as they are, and holes where there were zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource, SparseDisk, ignore, write_file, written

from vmferry.errors import FormatError
from vmferry.formats.raw import RawReader, RawWriter
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK, KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_the_size_is_not_rounded() -> None:
    disk = RawReader(MemorySource(b"0123456789"))
    assert disk.size == 10
    assert list(disk.extents()) == [Extent(0, 10, ExtentKind.DATA)]
    assert list(disk.extents(3, 4)) == [Extent(3, 4, ExtentKind.DATA)]
    assert list(disk.extents(3, 0)) == []
    assert disk.read_at(3, 4) == b"3456"


def test_ranges_outside() -> None:
    disk = RawReader(MemorySource(b"0123456789"))
    for offset, length in ((-1, 2), (5, 6), (0, -1)):
        with pytest.raises(FormatError, match=r"raw: range: found .* expected inside 10 bytes"):
            disk.read_at(offset, length)


def test_holes_of_the_source_are_zeros() -> None:
    class Sparse(MemorySource):
        def extents(self, offset: int, length: int) -> Iterator[Extent]:
            yield Extent(offset, length, ExtentKind.ZERO)

    assert list(RawReader(Sparse(bytes(20))).extents(5, 9)) == [Extent(5, 9, ExtentKind.ZERO)]


def test_zeros_become_holes(tmp_path: Path) -> None:
    size = 64 * MIB
    content = bytes(MIB) + b"x" + bytes(MIB) + b"y" * 70_000
    path = tmp_path / "a.raw"
    write_file(RawWriter(size), SparseDisk(size, {BLOCK: content}), path, [BLOCK * 3])
    assert path.stat().st_size == size
    assert path.stat().st_blocks * 512 <= 6 * 64 * KIB
    assert path.read_bytes()[BLOCK:][: len(content)] == content


@given(st.dictionaries(st.integers(0, 40), st.sampled_from([b"a" * 700, bytes(65536), b"\0\1"])))
def test_what_is_written_is_read(ranges: dict[int, bytes]) -> None:
    disk = SparseDisk(4 * MIB + 100, {at * 100_000: data for at, data in ranges.items()})
    content = written(RawWriter(disk.size), disk, range(BLOCK, disk.size, BLOCK))
    assert content == disk.read_at(0, disk.size)


def test_slices_that_are_no_slices() -> None:
    with pytest.raises(FormatError, match="raw: slice"):
        RawWriter(1).encode(SparseDisk(5, {}), 0, 5, ignore)

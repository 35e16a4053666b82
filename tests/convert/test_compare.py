# SPDX-License-Identifier: Apache-2.0
"""Equal disks are equal in every format; others differ from their first byte that differs."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import SparseDisk

from vmferry.convert import compare_disks
from vmferry.convert.compare import Either, read_padded
from vmferry.errors import FormatError
from vmferry.model.disk import ExtentKind
from vmferry.stores import Access
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.model.disk import DiskLocation

ACCESS = (Access(), Access())


def _keep(shares: list[int], done: int, _total: int) -> None:
    shares.append(done)


def test_formats_do_not_matter(place: Callable[..., DiskLocation], disk: SparseDisk) -> None:
    raw = place("raw")
    for name, kind in (("vmdk", ""), ("vhd", "fixed"), ("vhd", "dynamic"), ("vhdx", "")):
        shares: list[int] = []
        found = compare_disks(raw, place(name, kind), ACCESS, jobs=2, show=partial(_keep, shares))
        assert found.first is None
        assert found.sizes[0] == disk.size <= found.sizes[1]
        assert shares[-1] == found.data


@pytest.mark.parametrize("at", [0, 1, 40 * MIB + 5, 90 * MIB, 100 * MIB + 511])
def test_the_first_difference(at: int, place: Callable[..., DiskLocation], tmp_path: Path) -> None:
    raw, vmdk = place("raw"), place("vmdk")
    with (tmp_path / "source-raw-").open("r+b") as file:
        for spot in {at, min(at + 5000, 100 * MIB + 511)}:
            file.seek(spot)
            byte = file.read(1)
            file.seek(spot)
            file.write(bytes([byte[0] ^ 0xFF]))
    for pair in ((raw, vmdk), (vmdk, raw)):
        assert compare_disks(*pair, ACCESS, jobs=2).first == at


def test_bytes_behind_the_end_count_as_zeros(place: Callable[..., DiskLocation]) -> None:
    short, long = SparseDisk(MIB, {5: b"x"}), SparseDisk(GIB, {5: b"x", 9 * MIB: bytes(99)})
    assert compare_disks(place("raw", other=short), place("vmdk", other=long), ACCESS).first is None
    more = SparseDisk(GIB, {5: b"x", 9 * MIB + 3: b"y"})
    found = compare_disks(place("vhdx", other=more), place("raw", other=short), ACCESS)
    assert found == (9 * MIB + 3, (GIB, MIB), found.data)


def test_a_damaged_disk_is_no_difference(
    place: Callable[..., DiskLocation], tmp_path: Path
) -> None:
    raw, vmdk = place("raw"), place("vmdk")
    with (tmp_path / "source-vmdk-").open("r+b") as file:
        file.seek(5 * MIB)
        file.write(b"damage" * 100_000)
    with pytest.raises(FormatError, match="vmdk: grain"):
        compare_disks(raw, vmdk, ACCESS)


RANGES = st.dictionaries(
    st.integers(0, 40).map(lambda at: at * 10), st.binary(min_size=1, max_size=9)
)


@given(RANGES, RANGES, st.integers(0, 500), st.integers(0, 500))
def test_either_is_what_any_stores(
    one: dict[int, bytes], other: dict[int, bytes], offset: int, length: int
) -> None:
    disks = (SparseDisk(500, one), SparseDisk(450, other))
    either = Either(*disks)
    length = min(length, 500 - offset)
    found = list(either.extents(offset, length))
    assert sum(extent.length for extent in found) == length
    contents = [read_padded(disk, offset, length) for disk in disks]
    expected = next(
        (offset + at for at in range(length) if contents[0][at] != contents[1][at]), None
    )
    assert either.first_difference(offset, length) == expected
    for extent in found:
        if extent.kind is ExtentKind.ZERO:
            assert not any(read_padded(disks[0], extent.offset, extent.length))
            assert not any(read_padded(disks[1], extent.offset, extent.length))
    for before, after in pairwise(found):
        assert before.end == after.offset
        assert before.kind is not after.kind

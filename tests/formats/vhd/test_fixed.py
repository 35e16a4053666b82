# SPDX-License-Identifier: Apache-2.0
"""The fixed writer: the disk, zeros to the next MiB, a footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource, SparseDisk, ignore, write_file, written
from tests.formats.vhd.recipes import opened

from vmferry.errors import FormatError
from vmferry.formats.vhd.fixed import FixedVhdWriter
from vmferry.formats.vhd.footers import find_footer
from vmferry.units import BLOCK, KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path


@given(
    st.integers(1, 3 * MIB),
    st.dictionaries(st.integers(0, 30), st.sampled_from([b"a" * 700, bytes(65536), b"\0\1"])),
)
def test_what_is_written_is_read(size: int, ranges: dict[int, bytes]) -> None:
    places = {at * 100_000: data for at, data in ranges.items() if at * 100_000 + 65536 < size}
    disk = SparseDisk(size, places)
    data = written(FixedVhdWriter(disk.size), disk, range(BLOCK, disk.size, BLOCK))
    assert len(data) % MIB == 512
    found = opened(data)
    assert found.size == len(data) - 512
    assert found.warnings == ()
    assert found.read_at(0, size) == disk.read_at(0, size)
    assert not any(found.read_at(size, found.size - size))


def test_the_id_tells_disks_apart() -> None:
    def unique_id(size: int, content: bytes, at: int) -> bytes:
        data = written(FixedVhdWriter(size), SparseDisk(size, {at: content}))
        return find_footer(MemorySource(data)).footer.unique_id

    size = 4 * MIB
    assert unique_id(size, b"a", 440) == unique_id(size, b"a", 440)
    ids = [unique_id(size, b"a", 440), unique_id(size, b"b", 440), unique_id(size, b"a", size - 5)]
    assert len({*ids, unique_id(size + MIB, b"a", 440)}) == 4


def test_zeros_become_holes(tmp_path: Path) -> None:
    path = tmp_path / "a.vhd"
    write_file(FixedVhdWriter(64 * MIB), SparseDisk(64 * MIB, {BLOCK: b"x"}), path, [BLOCK * 3])
    assert path.stat().st_size == 64 * MIB + 512
    assert path.stat().st_blocks * 512 <= 3 * 64 * KIB


def test_what_is_refused() -> None:
    for offset, length in ((0, 5), (-1, 1), (0, -1)):
        with pytest.raises(FormatError, match="vhd: slice: found"):
            FixedVhdWriter(1).encode(SparseDisk(5, {}), offset, length, ignore)
    with pytest.raises(FormatError, match="vhd: size of the disk: found 0 bytes"):
        FixedVhdWriter(0)

# SPDX-License-Identifier: Apache-2.0
"""Zeros of a disk become holes of the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.formats.recipes import MemorySource, SparseDisk

from vmferry.formats._sparse import SparseSource, write_sparse
from vmferry.stores.directory import DirectoryStore
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path


def test_zeros_become_holes(tmp_path: Path) -> None:
    path, size = tmp_path / "a", 8 * MIB
    disk = SparseDisk(size, {MIB: bytes(MIB) + b"x", 5 * MIB - 3: b"abcdef"})
    with path.open("w+b") as out:
        write_sparse(disk, 4 * MIB, 4 * MIB, out)
        write_sparse(disk, 0, 4 * MIB, out)
        out.truncate(size)
    assert path.read_bytes() == disk.read_at(0, size)
    assert path.stat().st_blocks * 512 <= 3 * 64 * KIB


def test_a_local_file_knows_its_holes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert isinstance(DirectoryStore(tmp_path).open("a"), SparseSource)
    assert not isinstance(MemorySource(b"x"), SparseSource)

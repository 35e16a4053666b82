# SPDX-License-Identifier: Apache-2.0
"""Zeros of a disk become holes of the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.formats.recipes import MemorySource, SparseDisk

from vmferry.formats._sparse import UNIT, SparseSource, encode_in_place, stored_runs
from vmferry.stores.directory import DirectoryStore
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path


def test_runs_are_what_is_not_zeros() -> None:
    size = 9 * MIB + 5
    disk = SparseDisk(
        size, {MIB: bytes(MIB) + b"x", 5 * MIB - 3: b"abcdef", 6 * MIB: b"y" * (3 * MIB + 5)}
    )
    runs = [(at, bytes(run)) for at, run in stored_runs(disk, 0, size)]
    places = [(at, len(run)) for at, run in runs]
    assert places == [
        (2 * MIB, UNIT),
        (5 * MIB - UNIT, 2 * UNIT),
        (6 * MIB, 3 * MIB + 5),
    ]
    assert all(run == disk.read_at(at, len(run)) for at, run in runs)
    assert [at for at, _ in stored_runs(disk, 3 * MIB, 5 * MIB)] == [5 * MIB - UNIT]


def test_runs_are_at_most_four_mebibytes() -> None:
    disk = SparseDisk(9 * MIB, {0: b"x" * (9 * MIB)})
    assert [len(run) for _, run in stored_runs(disk, 0, 9 * MIB)] == [4 * MIB, 4 * MIB, MIB]


def test_a_ragged_end_of_zeros() -> None:
    assert not list(stored_runs(SparseDisk(UNIT + 7, {UNIT: bytes(7)}), 0, UNIT + 7))


def test_bytes_in_place_are_relative_to_the_slice() -> None:
    put: list[tuple[int, bytes]] = []
    disk = SparseDisk(4 * MIB, {3 * MIB: b"x"})
    size = encode_in_place(disk, 2 * MIB, 2 * MIB, lambda at, run: put.append((at, bytes(run))))
    assert size == (2 * MIB, b"")
    assert put == [(MIB, b"x".ljust(UNIT, b"\0"))]


def test_a_local_file_knows_its_holes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert isinstance(DirectoryStore(tmp_path).open("a"), SparseSource)
    assert not isinstance(MemorySource(b"x"), SparseSource)

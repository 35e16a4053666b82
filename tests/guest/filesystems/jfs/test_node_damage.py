# SPDX-License-Identifier: Apache-2.0
"""JFS with damage where the reader looks, and cut off."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tests.guest.filesystems.damage import Recording, damaged, exercise, patched
from tests.guest.filesystems.jfs.disks import disks
from tests.guest.filesystems.walk import walk

from vmferry.errors import GuestError
from vmferry.guest.filesystems.jfs import FILESYSTEM
from vmferry.guest.filesystems.jfs.superblock import OFFSET, SIZE
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the disks are."""
    return disks()


def test_each_byte_of_the_super_block(folder: Path) -> None:
    for at in range(SIZE):
        for value in (b"\0", b"\x7f", b"\xff"):
            exercise(FILESYSTEM, patched(folder / "dirty", {OFFSET + at: value}))


@pytest.mark.parametrize("disk", ["dirty", "utf", "plain"])
def test_damage_where_the_reader_looks(folder: Path, disk: str) -> None:
    chance = random.Random(disk)
    record = Recording(folder / disk)
    exercise(FILESYSTEM, record)
    for _ in range(100):
        offset, length = chance.choice(list(record.seen))
        changed = damaged(record.peek(offset, length), chance)
        exercise(FILESYSTEM, patched(folder / disk, {offset: changed}))


@pytest.mark.parametrize("size", [1, OFFSET, OFFSET + 40, 44 * KIB, 64 * KIB, MIB])
def test_a_file_system_that_is_cut_off_is_refused(folder: Path, size: int) -> None:
    with pytest.raises(GuestError, match="disk 0, partition 1: the jfs file system"):
        walk(FILESYSTEM.open(patched(folder / "utf", {}, size)))


def test_a_directory_that_holds_itself_ends(folder: Path) -> None:
    record = Recording(folder / "dirty")
    root = FILESYSTEM.open(record)
    assert root.names(9) == ["etc"]
    (place,) = (
        at for at, size in list(record.seen) if size == 512 and record.peek(at + 8, 4)[0] == 2
    )
    entry = place + 224 + 32
    assert record.peek(entry, 4) != bytes(4)
    node = FILESYSTEM.open(patched(folder / "dirty", {entry: b"\2\0\0\0"}))
    for _ in range(100):
        child = node.child("etc")
        assert child is not None
        node = child
    assert node.names(9) == ["etc"]

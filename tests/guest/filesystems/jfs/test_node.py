# SPDX-License-Identifier: Apache-2.0
"""JFS made by mkfs.jfs and filled by the Linux kernel, compared file by file."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.guest.filesystems.content import contents, entries
from tests.guest.filesystems.jfs.disks import disks
from tests.guest.filesystems.walk import sandboxed, walk, window

from vmferry.errors import GuestError
from vmferry.guest.filesystem import NodeKind, Tree
from vmferry.guest.filesystems.jfs import FILESYSTEM
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

FIRST_NAME = "name-1-which-is-longer-than-a-slot"


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the disks are."""
    return disks()


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """Everything on the disk ``plain``."""
    return walk(FILESYSTEM.open(window(folder / "plain")))


def test_reads_what_the_kernel_wrote(found: dict[str, Any]) -> None:
    wanted = contents()
    assert {path: found.get(path, "missing") for path in wanted} == wanted
    others = {path.partition("/")[0] for path in found} - {path.split("/")[0] for path in wanted}
    assert others == {"gone", "holes", "latin-é", "reserved", "split"}


def test_names_of_deleted_entries_are_gone(found: dict[str, Any]) -> None:
    names = {path.partition("/")[2] for path in found if path.startswith("gone/")}
    kept = [1, *range(2, 401, 2)]
    assert names == {f"name-{number}-which-is-longer-than-a-slot" for number in kept}
    assert found[f"gone/{FIRST_NAME}"] == b"1\n"


def test_reads_a_file_of_many_extents(found: dict[str, Any]) -> None:
    wanted = bytearray(300 * 8192 + 4)
    for number in range(1, 301):
        wanted[number * 8192 : number * 8192 + len(f"{number} ")] = f"{number} ".encode()
    assert found["split/file"] == bytes(wanted)


def test_holes_are_zeros(folder: Path, found: dict[str, Any]) -> None:
    holes = FILESYSTEM.open(window(folder / "plain")).child("holes")
    assert holes is not None
    assert holes.size == GIB
    assert holes.read(5_000_100).strip(b"\0") == b"middle"
    assert holes.read(5_000_005)[-5:] == b"\0midd"
    assert found["reserved"] == bytes(100_000)


def test_names_are_read_with_and_without_iocharset(folder: Path) -> None:
    plain, wide = (Tree(FILESYSTEM.open(window(folder / disk))) for disk in ("plain", "utf"))
    assert plain.read_file("/names/näme", 9) == "näme".encode()
    assert plain.is_file("/latin-é")
    assert wide.read_file("/names/näme", 9) == b"one"
    assert wide.read_file("/names/名前", 9) == b"two"
    assert wide.read_file("/names/名-417", 9) == b"417"
    assert not wide.is_file("/names/名-501")


def test_a_journal_that_was_not_replayed_is_told(folder: Path) -> None:
    assert FILESYSTEM.is_clean(window(folder / "plain"))
    assert not FILESYSTEM.is_clean(window(folder / "dirty"))
    tree = Tree(FILESYSTEM.open(window(folder / "dirty")))
    assert tree.read_file("/etc/file", 9) == b"text"


def test_every_entry_is_found_by_its_name_and_no_other(folder: Path) -> None:
    root = FILESYSTEM.open(window(folder / "plain"))
    tree = Tree(root)
    for entry in entries():
        if entry.kind == tarfile.REGTYPE:
            assert tree.is_file(f"/{entry.path}")
            assert not tree.is_file(f"/{entry.path}~")
    file = root.child("holes")
    assert file is not None
    assert (file.child("x"), file.names(9), file.target(), root.read(9)) == (None, [], "", b"")
    assert root.child("") is None
    assert root.child("\ud800") is None
    folder_node = root.child("etc")
    assert folder_node is not None
    fifo = folder_node.child("fifo")
    assert fifo is not None
    assert fifo.kind is NodeKind.OTHER


def test_reads_where_nothing_can_be_opened(folder: Path, found: dict[str, Any]) -> None:
    assert sandboxed("vmferry.guest.filesystems.jfs", folder / "plain") == len(found)


def test_a_crowded_directory_is_refused(folder: Path) -> None:
    with pytest.raises(
        GuestError, match="found more entries in a directory than the 4999 expected"
    ):
        Tree(FILESYSTEM.open(window(folder / "plain"))).names("/many", 4999)


def test_little_is_read_for_one_file(folder: Path) -> None:
    disk = window(folder / "plain")
    assert Tree(FILESYSTEM.open(disk)).read_file("/etc/release", 99) == contents()["etc/os-release"]
    assert disk._pages.bytes_read <= MIB  # type: ignore[attr-defined]

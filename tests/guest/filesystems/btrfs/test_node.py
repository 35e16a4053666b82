# SPDX-License-Identifier: Apache-2.0
"""Btrfs made by mkfs.btrfs and filled by the Linux kernel, compared file by file."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import pytest
from tests.guest.filesystems.btrfs.disks import COMPRESSIONS, disks
from tests.guest.filesystems.content import contents, text
from tests.guest.filesystems.walk import sandboxed, walk, window

from vmferry.errors import GuestError
from vmferry.guest.filesystem import NodeKind, Tree
from vmferry.guest.filesystems.btrfs import FILESYSTEM
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

CHANGE = 300_000


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the disks are."""
    return disks()


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """Everything in the default subvolume of the disk ``plain``."""
    return walk(FILESYSTEM.open(window(folder / "plain")))


def test_reads_what_the_kernel_wrote(found: dict[str, Any]) -> None:
    wanted = contents()
    assert {path: found.get(path, "missing") for path in wanted} == wanted
    others = {path for path in found if path.partition("/")[0] not in COMPRESSIONS}
    assert others - set(wanted) == {".snapshots", "clone", "etc/hostname", "holes", "reserved"}
    assert found["etc/hostname"] == b"snapshot"


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_reads_compressed_files(found: dict[str, Any], kind: str) -> None:
    wanted = {
        path.replace("large", kind).replace("sizes", kind): data
        for path, data in contents().items()
        if path.startswith(("large/", "sizes/"))
    }
    whole = wanted[f"{kind}/text"]
    wanted[f"{kind}/text"] = whole[:CHANGE] + b"changed" + whole[CHANGE + 7 :]
    assert {path: found.get(path, "missing") for path in wanted} == wanted
    if kind == "lzo":
        assert found["clone"] == wanted["lzo/text"][:200_001]


def test_holes_and_reserved_extents_are_zeros(found: dict[str, Any], folder: Path) -> None:
    for disk in ("plain", "small"):
        holes = FILESYSTEM.open(window(folder / disk)).child("holes")
        assert holes is not None
        assert holes.size == GIB
        assert holes.read(5_000_100).strip(b"\0") == b"middle"
        assert holes.read(5_000_005)[-5:] == b"\0midd"
    assert found["reserved"] == bytes(100_000)


def test_reads_small_nodes_in_mixed_chunks(folder: Path) -> None:
    found = walk(FILESYSTEM.open(window(folder / "small")))
    del found["holes"]
    assert found == contents()


@pytest.mark.parametrize("disk", ["mirrora", "mirrorb"])
def test_one_disk_of_a_mirror_is_enough(folder: Path, disk: str) -> None:
    parts = ("etc", "sizes", "large")
    wanted = {path: data for path, data in contents().items() if path.split("/")[0] in parts}
    assert walk(FILESYSTEM.open(window(folder / disk))) == wanted


def test_one_disk_of_a_stripe_is_refused_by_name(folder: Path) -> None:
    tree = Tree(FILESYSTEM.open(window(folder / "stripea")))
    assert tree.read_file("/etc/os-release", 99).startswith(b"ID=debian")
    with pytest.raises(GuestError, match="a layout over the file system's 2 devices") as caught:
        tree.read_file("/large/text", 4 * MIB)
    assert "disk 0, partition 1: the btrfs file system" in caught.value.message
    assert "btrfs device remove" in caught.value.hint


def test_every_subvolume_is_seen(folder: Path) -> None:
    found = list(FILESYSTEM.subvolumes(window(folder / "plain")))
    assert [(each.number, each.path, each.read_only, each.default) for each in found] == [
        (5, "", False, False),
        (256, "@", False, False),
        (257, "@home", False, False),
        (258, "@/.snapshots", False, False),
        (259, "@/.snapshots/1/snapshot", False, True),
        (260, "read-only", True, False),
    ]
    assert Tree(found[2].root).read_file("/whose", 9) == b"home"
    assert not Tree(found[1].root).is_file("/etc/hostname")
    assert Tree(found[4].root).is_file("/etc/hostname")


def test_paths_cross_subvolumes_but_not_into_those_of_a_snapshots_original(folder: Path) -> None:
    top = Tree(next(FILESYSTEM.subvolumes(window(folder / "plain"))).root)
    assert top.read_file("/@/.snapshots/1/snapshot/etc/hostname", 9) == b"snapshot"
    snapshot = "/@/.snapshots/1/snapshot/.snapshots"
    assert top.is_dir(snapshot)
    assert top.names(snapshot, 9) == []
    assert not top.is_dir(f"{snapshot}/1")


def test_a_log_that_was_not_replayed_is_told(folder: Path) -> None:
    assert FILESYSTEM.is_clean(window(folder / "plain"))
    dirty = window(folder / "dirty")
    assert not FILESYSTEM.is_clean(dirty)
    assert Tree(FILESYSTEM.open(dirty)).read_file("/file", 9) == b"before"


def test_names_lead_nowhere_but_to_entries(folder: Path) -> None:
    root = FILESYSTEM.open(window(folder / "plain"))
    file = root.child("holes")
    assert file is not None
    assert (file.child("x"), file.names(9), root.child(""), root.child("\ud800")) == (
        None,
        [],
        None,
        None,
    )
    assert root.child("latin-\udce9") is None
    fifo = Tree(root)
    assert not fifo.is_file("/etc/fifo")
    entry = root.child("etc")
    assert entry is not None
    pipe = entry.child("fifo")
    assert pipe is not None
    assert pipe.kind is NodeKind.OTHER


def test_a_crowded_directory_is_refused(folder: Path) -> None:
    with pytest.raises(
        GuestError, match="found more entries in a directory than the 4999 expected"
    ):
        Tree(FILESYSTEM.open(window(folder / "plain"))).names("/many", 4999)


def test_little_is_read_for_one_file(folder: Path) -> None:
    disk = window(folder / "plain")
    assert Tree(FILESYSTEM.open(disk)).read_file("/etc/release", 99) == contents()["etc/os-release"]
    assert disk._pages.bytes_read <= MIB  # type: ignore[attr-defined]


def test_reads_where_nothing_can_be_opened(folder: Path, found: dict[str, Any]) -> None:
    assert sandboxed("vmferry.guest.filesystems.btrfs", folder / "plain") == len(found)


def test_the_sample_compresses() -> None:
    sample = text(MIB, 1)
    assert len(zlib.compress(sample)) < MIB // 2

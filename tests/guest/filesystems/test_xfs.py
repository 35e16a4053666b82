# SPDX-License-Identifier: Apache-2.0
"""XFS made by mkfs.xfs from a prototype: both versions, all forms of directories and files."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems.mutations import mutated, outcome, with_field
from tests.guest.test_window import Memory
from tests.guests.drawing import SBIN, run

from vmferry.errors import GuestError
from vmferry.guest.filesystem import Tree
from vmferry.guest.filesystems.xfs import FILESYSTEM, free
from vmferry.guest.window import Pages, Window
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

BIG = bytes(range(256)) * 4 * KIB
DIRECTORIES = {"short": 3, "block": 30, "leaf": 300, "node": 3000}
OPTIONS = {
    "v5": [],
    "v4": ["-m", "crc=0"],
    "v4-rhel6": ["-m", "crc=0", "-n", "ftype=0", "-i", "size=256"],
    "v5-wide-extents": ["-i", "nrext64=1"],
    "v5-4k": ["-s", "size=4096", "-n", "size=16384"],
    "v5-1k": ["-b", "size=1024", "-m", "rmapbt=1"],
}


def _prototype(folder: Path) -> str:
    (folder / "small").write_text("text")
    (folder / "empty").touch()
    (folder / "big").write_bytes(BIG)
    with (folder / "holes").open("wb") as file:
        for number in range(300):  # More extents than an inode holds.
            file.seek(number * 128 * KIB)
            file.write(b"%8d" % number)
    lines = ["/boot", "0 0", "d--755 0 0", "etc d--755 0 0"]
    lines += [f"{name} ---644 0 0 {folder / name}" for name in ("small", "empty", "big", "holes")]
    lines += ["link l--777 0 0 big", f"far l--777 0 0 {'./' * 400}big", "$"]
    lines += ["conf l--777 0 0 etc", "pipe p--644 0 0"]
    for name, count in DIRECTORIES.items():
        files = (f"{name}-name-{number:05} l--777 0 0 x" for number in range(count))
        lines += [f"{name} d--755 0 0", *files, "$"]
    return "\n".join([*lines, "$", "$"]) + "\n"


@pytest.fixture(scope="module", params=OPTIONS)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system with files of every sort."""
    if shutil.which("mkfs.xfs", path=SBIN) is None:
        pytest.skip("mkfs.xfs is not installed")
    folder = tmp_path_factory.mktemp("xfs")
    prototype, path = folder / "prototype", folder / "part.raw"
    prototype.write_text(_prototype(folder))
    with path.open("xb") as file:
        file.truncate(300 * MIB)
    run(["mkfs.xfs", "-q", "-p", str(prototype), *OPTIONS[request.param], str(path)])
    return path


def _tree(path: Path) -> Tree:
    disk = FileDisk(path)
    return Tree(FILESYSTEM.open(Window(Pages(disk), 0, disk.size, "disk 0, partition 1")))


@pytest.mark.oracle
def test_reads_what_mkfs_wrote(image: Path) -> None:
    tree = _tree(image)
    for path in ("/etc/big", "/etc/link", "/etc/far", "/conf/big"):
        assert tree.read_file(path, MIB) == BIG
    assert tree.read_file("/etc/empty", 0) == b""
    assert tree.read_file("/etc/small", 9) == b"text"
    assert tree.names("/etc", 9) == ["big", "empty", "far", "holes", "link", "small"]
    holes = tree.read_file("/etc/holes", 40 * MIB)
    assert holes == (image.parent / "holes").read_bytes()
    assert not tree.is_file("/pipe")
    assert not tree.is_dir("/pipe")


@pytest.mark.oracle
@pytest.mark.parametrize("name", DIRECTORIES)
def test_reads_directories_of_every_form(image: Path, name: str) -> None:
    tree = _tree(image)
    count = DIRECTORIES[name]
    expected = [f"{name}-name-{number:05}" for number in range(count)]
    assert tree.names(f"/{name}", count) == expected
    root = FILESYSTEM.open(Window(Pages(disk := FileDisk(image)), 0, disk.size, "disk 0"))
    folder = root.child(name)
    assert folder is not None
    last = folder.child(expected[-1])
    assert last is not None
    assert last.target() == "x"
    assert folder.child("nothing") is None
    with pytest.raises(GuestError, match=f"found {count} entries in a directory, expected at most"):
        folder.names(count - 1)


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small guest, as mkfs.xfs makes one only where XFS's own tests run."""
    if shutil.which("mkfs.xfs", path=SBIN) is None:
        pytest.skip("mkfs.xfs is not installed")
    folder = tmp_path_factory.mktemp("guest")
    release, path = folder / "os-release", folder / "part.raw"
    release.write_text("ID=centos\nVERSION_ID=7\n")
    (folder / "prototype").write_text(
        "/boot\n0 0\nd--755 0 0\n"
        f"etc d--755 0 0\nos-release ---644 0 0 {release}\n$\n"
        f"boot d--755 0 0\nvmlinuz-3.10.0-1160.el7.x86_64 ---644 0 0 {release}\n$\n$\n$\n"
    )
    with path.open("xb") as file:
        file.truncate(20 * MIB)
    allowed = dict.fromkeys(("TEST_DIR", "TEST_DEV", "QA_CHECK_FS"), "1")
    command = ["mkfs.xfs", "-q", "-p", str(folder / "prototype"), str(path)]
    subprocess.run(command, check=True, env={"PATH": SBIN, **allowed})
    return path.read_bytes()


@pytest.mark.oracle
def test_mutated_guests_end_in_facts_or_a_refusal(guest: bytes) -> None:
    assert outcome(guest) == "centos"
    said = {outcome(data) for data in mutated(guest, seed=4, count=30)}
    assert "disk 0: the xfs file system is damaged" in said


@pytest.mark.oracle
def test_each_field_of_the_superblock(guest: bytes) -> None:
    values = (b"\0\0\0\0", b"\xff\xff\xff\xff")
    said = {outcome(data) for at in range(4, 208, 8) for data in with_field(guest, at, values)}
    assert "disk 0: the xfs file system is damaged" in said


@pytest.mark.parametrize("size", [0, KIB, MIB])
def test_what_is_no_file_system_is_damage(size: int) -> None:
    window = Window(Memory(bytes(size)), 0, size, "disk 0, partition 1")
    with pytest.raises(GuestError, match="disk 0, partition 1: the xfs file system is damaged"):
        FILESYSTEM.open(window)


@pytest.mark.oracle
def test_free_is_what_xfs_db_says(image: Path) -> None:
    disk = FileDisk(image)
    said = run(["xfs_db", "-r", "-c", "sb 0", "-c", "p fdblocks blocksize", str(image)])
    blocks, size = (int(line.partition("= ")[2]) for line in said.splitlines())
    assert free(Window(Pages(disk), 0, disk.size, "disk 0")) == blocks * size > 0


@pytest.mark.parametrize("data", [bytes(100), bytes(200), b"XFSB\xff\xff\xff\xff".ljust(200)])
def test_nothing_is_known_of_a_damaged_one(data: bytes) -> None:
    assert free(Window(Memory(data), 0, len(data), "disk 0")) is None

# SPDX-License-Identifier: Apache-2.0
"""NTFS made by mkntfs and filled by ntfscp, and a sample with links."""

from __future__ import annotations

import lzma
import os
import shutil
from pathlib import Path

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems.mutations import mutated, outcome
from tests.guest.test_window import Memory
from tests.guests.drawing import SBIN, run

from vmferry.errors import GuestError
from vmferry.guest.filesystem import NodeKind, Tree
from vmferry.guest.filesystems.ntfs import FILESYSTEM
from vmferry.guest.window import Pages, Window
from vmferry.units import KIB, MIB

DATA = Path(os.environ.get("VMFERRY_TEST_DATA") or Path(__file__).parents[3] / "../shared/data")
BIG = bytes(range(256)) * 4 * KIB


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system with some files in its root."""
    for program in ("mkntfs", "ntfscp"):
        if shutil.which(program, path=SBIN) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("ntfs")
    path = folder / "part.raw"
    with path.open("xb") as file:
        file.truncate(8 * MIB)
    run(["mkntfs", "-Q", "-F", "-q", "-L", "label", str(path)])
    files = {"big": BIG, "empty": b"", "SMALL.txt": b"text"}
    for name, data in {**files, **{f"name-{n:02}": b"x" for n in range(40)}}.items():
        (folder / name).write_bytes(data)
        run(["ntfscp", "-q", str(path), str(folder / name), name])
    return path


def _tree(data: bytes) -> Tree:
    return Tree(FILESYSTEM.open(Window(Pages(Memory(data)), 0, len(data), "disk 0, partition 1")))


@pytest.mark.oracle
def test_reads_what_ntfscp_wrote(image: Path) -> None:
    tree = _tree(image.read_bytes())
    assert tree.read_file("/big", MIB) == BIG
    assert tree.read_file("/BIG", MIB) == BIG
    assert tree.read_file("/small.TXT", 9) == b"text"
    assert tree.read_file("/empty", 0) == b""
    names = [name for name in tree.names("/", 100) if not name.startswith("$")]
    assert names == sorted(["SMALL.txt", "big", "empty", *(f"name-{n:02}" for n in range(40))])
    assert not tree.is_file("/name-40")
    assert not tree.is_file("/\\big")
    assert tree.is_dir("/$Extend")


@pytest.mark.oracle
def test_says_what_ntfscat_says(image: Path) -> None:
    if shutil.which("ntfscat", path=SBIN) is None:
        pytest.skip("ntfscat is not installed")
    tree = _tree(image.read_bytes())
    for name in ("SMALL.txt", "name-07"):
        assert tree.read_file(f"/{name}", 9).decode() == run(["ntfscat", str(image), name])


@pytest.mark.oracle
def test_the_serial_number_is_that_of_blkid(image: Path) -> None:
    from vmferry.guest.signatures import identify

    if shutil.which("blkid", path=SBIN) is None:
        pytest.skip("blkid is not installed")
    said = run(["blkid", "-p", "-o", "value", "-s", "UUID", str(image)]).strip()
    disk = FileDisk(image)
    assert identify(Window(disk, 0, disk.size, "disk 0")).uuid == said.lower()


def test_links_are_neither_file_nor_directory() -> None:
    sample = DATA / "filesystems" / "ntfs.raw.xz"
    if not sample.exists():
        pytest.skip(f"{sample} is absent; VMFERRY_TEST_DATA names its folder")
    data = lzma.decompress(sample.read_bytes())
    root = FILESYSTEM.open(Window(Pages(Memory(data)), 0, len(data), "disk 0"))
    kinds = {name: node.kind for name in root.names(99) if (node := root.child(name))}
    assert kinds["a_directory"] is NodeKind.DIRECTORY
    assert kinds["passwords.txt"] is NodeKind.FILE
    assert Tree(root).read_file("/A_Directory/../PASSWORDS.txt", KIB).startswith(b"place,user,")
    assert not Tree(root).is_file("/a_link/x")


@pytest.mark.parametrize("size", [0, KIB, MIB])
def test_what_is_no_file_system_is_damage(size: int) -> None:
    window = Window(Memory(bytes(size)), 0, size, "disk 0, partition 1")
    with pytest.raises(GuestError, match="disk 0, partition 1: the NTFS file system is damaged"):
        FILESYSTEM.open(window)


@pytest.mark.oracle
def test_a_mutated_file_system_that_is_mounted(tmp_path: Path) -> None:
    """No Linux boots from NTFS, but a hostile fstab has it read."""
    for program in ("mkntfs", "ntfscp"):
        if shutil.which(program, path=SBIN) is None:
            pytest.skip(f"{program} is not installed")
    ntfs, system, root = tmp_path / "ntfs.raw", tmp_path / "root.raw", tmp_path / "root"
    for path, size in ((system, 4 * MIB), (ntfs, 4 * MIB)):
        with path.open("xb") as file:
            file.truncate(size)
    run(["mkntfs", "-Q", "-F", "-q", str(ntfs)])
    (tmp_path / "vmlinuz-6.1").write_text("kernel")
    run(["ntfscp", "-q", str(ntfs), str(tmp_path / "vmlinuz-6.1"), "vmlinuz-6.1"])
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "os-release").write_text("ID=arch\n")
    (root / "etc" / "fstab").write_text("/dev/sdb /boot ntfs\n")
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(system)])
    data = ntfs.read_bytes()
    assert outcome(system.read_bytes(), data) == "arch"
    said = {outcome(system.read_bytes(), copy) for copy in mutated(data, seed=1, count=15)}
    assert "disk 1: the NTFS file system is damaged" in said

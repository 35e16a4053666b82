# SPDX-License-Identifier: Apache-2.0
"""FAT made by mkfs.vfat and filled by mtools."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems.mutations import mutated, outcome
from tests.guest.test_window import Memory
from tests.guests.drawing import SBIN, run

from vmferry.errors import GuestError
from vmferry.guest.filesystem import Tree
from vmferry.guest.filesystems.fat import FILESYSTEM
from vmferry.guest.signatures import identify
from vmferry.guest.window import Pages, Window
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

BIG = bytes(range(256)) * KIB
SIZES_MIB = {"12": 3, "16": 20, "32": 40}
LONG = "a rather long näme of mixed Case.conf"


@pytest.fixture(scope="module", params=SIZES_MIB)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system as an ESP has it."""
    for program in ("mkfs.vfat", "mcopy"):
        if shutil.which(program, path=SBIN) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("fat")
    tree = folder / "tree"
    (tree / "EFI" / "BOOT").mkdir(parents=True)
    (tree / "EFI" / "BOOT" / "BOOTX64.EFI").write_bytes(BIG)
    (tree / "loader").mkdir()
    (tree / "loader" / LONG).write_text("text")
    (tree / "empty").touch()
    (tree / "many").mkdir()
    for number in range(300):
        (tree / "many" / f"a-long-name-{number:03}").touch()
    path = folder / "part.raw"
    with path.open("xb") as file:
        file.truncate(SIZES_MIB[request.param] * MIB)
    run(["mkfs.vfat", "-F", request.param, "-i", "1234ABCD", "-n", "AN ESP", str(path)])
    _mcopy(path, *(tree / name for name in ("EFI", "loader", "empty", "many")))
    return path


def _mcopy(image: Path, *files: Path) -> None:
    command = ["mcopy", "-s", "-i", str(image), *map(str, files), "::/"]
    done = subprocess.run(
        command, capture_output=True, check=False, env={"PATH": SBIN, "LC_ALL": "C.UTF-8"}
    )
    assert done.returncode == 0, done.stderr


def _tree(path: Path) -> Tree:
    disk = FileDisk(path)
    return Tree(FILESYSTEM.open(Window(Pages(disk), 0, disk.size, "disk 0, partition 1")))


@pytest.mark.oracle
def test_reads_what_mtools_wrote(image: Path) -> None:
    tree = _tree(image)
    assert tree.names("/", 9) == ["EFI", "empty", "loader", "many"]
    assert tree.names("/loader", 9) == [LONG]
    assert tree.read_file("/empty", 0) == b""
    assert tree.read_file(f"/loader/{LONG}", 9) == b"text"
    assert len(tree.names("/many", 300)) == 300
    assert tree.is_file("/many/a-long-name-299")
    assert not tree.is_file("/many/a-long-name-300")
    assert tree.is_dir("/EFI/BOOT/..")


@pytest.mark.oracle
def test_names_have_no_case_and_no_separators(image: Path) -> None:
    tree = _tree(image)
    for path in ("/EFI/BOOT/BOOTX64.EFI", "/efi/boot/bootx64.efi", "/Efi/./Boot/BootX64.efi"):
        assert tree.read_file(path, MIB) == BIG
    assert tree.is_file(f"/LOADER/{LONG.upper()}")
    assert not tree.is_dir("/EFI\\BOOT")


@pytest.mark.oracle
def test_the_serial_number_and_the_label(image: Path) -> None:
    disk = FileDisk(image)
    assert identify(Window(disk, 0, disk.size, "disk 0")) == ("vfat", "1234-abcd", "AN ESP")


@pytest.mark.oracle
def test_a_crowded_directory_is_refused(image: Path) -> None:
    with pytest.raises(GuestError, match="found 300 entries in a directory, expected at most 10"):
        _tree(image).names("/many", 10)


@pytest.mark.parametrize("size", [0, KIB, MIB])
def test_what_is_no_file_system_is_damage(size: int) -> None:
    window = Window(Memory(bytes(size)), 0, size, "disk 0, partition 1")
    with pytest.raises(GuestError, match="disk 0, partition 1: the FAT file system is damaged"):
        FILESYSTEM.open(window)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", SIZES_MIB)
def test_a_mutated_boot_partition_ends_in_facts_or_a_refusal(kind: str, tmp_path: Path) -> None:
    """The root is sound; its /boot, which holds the kernel, is a FAT."""
    root, boot, kernel = tmp_path / "root", tmp_path / "boot.raw", tmp_path / "vmlinuz-6.1"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "os-release").write_text("ID=arch\n")
    (root / "etc" / "fstab").write_text("UUID=1234-ABCD /boot vfat\n")
    kernel.write_text("kernel")
    system = tmp_path / "root.raw"
    for path, size in ((system, 4 * MIB), (boot, SIZES_MIB[kind] * MIB)):
        with path.open("xb") as file:
            file.truncate(size)
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(system)])
    run(["mkfs.vfat", "-F", kind, "-i", "1234ABCD", str(boot)])
    if shutil.which("mcopy") is None:
        pytest.skip("mcopy is not installed")
    _mcopy(boot, kernel)
    data = boot.read_bytes()
    assert outcome(system.read_bytes(), data) == "arch"
    said = {outcome(system.read_bytes(), copy) for copy in mutated(data, seed=3, count=12)}
    assert said - {"arch"}

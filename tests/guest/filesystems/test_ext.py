# SPDX-License-Identifier: Apache-2.0
"""ext2, ext3 and ext4 made by mke2fs from a folder."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems import dirty
from tests.guest.test_window import Memory
from tests.guests.drawing import run

from vmferry.errors import GuestError
from vmferry.guest.filesystem import Tree
from vmferry.guest.filesystems.ext import FILESYSTEM, OFFSET, free
from vmferry.guest.window import Pages, Window
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

BIG = bytes(range(256)) * 4 * KIB


@pytest.fixture(scope="module", params=FILESYSTEM.kinds)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system with files of every sort."""
    folder = tmp_path_factory.mktemp("ext")
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "big").write_bytes(BIG)
    (root / "etc" / "empty").touch()
    (root / "etc" / "näme").write_text("text")
    (root / "etc" / "short").symlink_to("big")
    (root / "long").symlink_to("etc/" + "./" * 100 + "big")
    (root / "boot").mkdir()
    os.close(os.open(os.fsencode(root / "boot") + b"/latin-\xe9", os.O_CREAT))
    (root / "boot" / "vmlinuz").touch()
    (root / "many").mkdir()
    for number in range(600):
        (root / "many" / f"a-rather-long-name-{number}").touch()
    with (root / "holes").open("xb") as file:
        file.truncate(100 * MIB)
        file.seek(MIB)
        file.write(b"end of hole")
    path = folder / "part.raw"
    with path.open("xb") as file:
        file.truncate(24 * MIB)
    run(["mke2fs", "-q", "-F", "-t", request.param, "-d", str(root), str(path)])
    return path


def _tree(path: Path) -> Tree:
    disk = FileDisk(path)
    return Tree(FILESYSTEM.open(Window(Pages(disk), 0, disk.size, "disk 0, partition 1")))


@pytest.mark.oracle
def test_reads_what_mke2fs_wrote(image: Path) -> None:
    tree = _tree(image)
    for path in ("/etc/big", "/etc/short", "/long"):
        assert tree.read_file(path, MIB) == BIG
    assert tree.read_file("/etc/empty", 0) == b""
    assert tree.read_file("/etc/näme", 9) == b"text"
    assert tree.read_head("/holes", MIB + 11)[-12:] == b"\0end of hole"
    assert tree.names("/etc", 9) == ["big", "empty", "näme", "short"]
    assert len(tree.names("/many", 1000)) == 600
    assert tree.is_file("/many/a-rather-long-name-599")
    assert not tree.is_file("/many/a-rather-long-name-600")
    assert tree.is_dir("/lost+found")


@pytest.mark.oracle
def test_names_that_are_not_utf8_are_passed_over(image: Path) -> None:
    assert _tree(image).names("/boot", 9) == ["vmlinuz"]


@pytest.mark.oracle
def test_a_file_system_without_a_root_is_damage(image: Path, tmp_path: Path) -> None:
    copy = tmp_path / "part.raw"
    copy.write_bytes(image.read_bytes())
    run(["debugfs", "-w", "-R", "clri <2>", str(copy)])
    with pytest.raises(GuestError, match="disk 0, partition 1: the ext file system is damaged"):
        _tree(copy).names("/", 9)


@pytest.mark.oracle
def test_a_crowded_directory_is_refused(image: Path) -> None:
    with pytest.raises(GuestError, match="found 600 entries in a directory, expected at most 10"):
        _tree(image).names("/many", 10)


@pytest.mark.parametrize("size", [0, KIB, MIB])
def test_what_is_no_file_system_is_damage(size: int) -> None:
    window = Window(Memory(bytes(size)), 0, size, "disk 0, partition 1")
    with pytest.raises(GuestError, match="disk 0, partition 1: the ext file system is damaged"):
        FILESYSTEM.open(window)


@pytest.mark.oracle
def test_free_is_what_dumpe2fs_says(image: Path) -> None:
    disk = FileDisk(image)
    said = run(["dumpe2fs", "-h", str(image)])
    blocks, size = (
        int(re.search(rf"^{name}: +(\d+)$", said, re.MULTILINE)[1])  # type: ignore[index]
        for name in ("Free blocks", "Block size")
    )
    assert free(Window(Pages(disk), 0, disk.size, "disk 0")) == blocks * size > 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({12: 3, 24: 2, 344: 1}, 3 * 4 * KIB),
        ({12: 3, 24: 2, 96: 0x80, 344: 1}, (3 | 1 << 32) * 4 * KIB),
        ({12: 3, 24: 7}, None),
        ({24: 2**32 - 1}, None),
    ],
)
def test_free_by_its_fields(fields: dict[int, int], expected: int | None) -> None:
    data = bytearray(OFFSET + KIB)
    for at, value in fields.items():
        data[OFFSET + at : OFFSET + at + 4] = value.to_bytes(4, "little")
    assert free(Window(Memory(bytes(data)), 0, len(data), "disk 0")) == expected


def test_nothing_is_known_of_a_short_one() -> None:
    assert free(Window(Memory(bytes(1100)), 0, 1100, "disk 0")) is None


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "clean"), [("extclean", True), ("extdirty", False)])
def test_a_journal_that_waits_is_seen_as_dumpe2fs_sees_it(name: str, clean: bool) -> None:
    disk = FileDisk(dirty.disks() / name)
    said = run(["dumpe2fs", "-h", str(dirty.disks() / name)])
    assert ("needs_recovery" in said) is not clean
    assert FILESYSTEM.is_clean(Window(Pages(disk), 0, disk.size, "disk 0")) is clean


@pytest.mark.parametrize(
    ("state", "features", "clean"),
    [(1, 0, True), (0, 0, False), (3, 0, False), (1, 0x4, False), (1, 0x40, True)],
)
def test_clean_by_its_fields(state: int, features: int, clean: bool) -> None:
    data = bytearray(OFFSET + KIB)
    data[OFFSET + 58] = state
    data[OFFSET + 96] = features
    assert FILESYSTEM.is_clean(Window(Memory(bytes(data)), 0, len(data), "disk 0")) is clean


def test_a_short_one_is_not_unclean() -> None:
    assert FILESYSTEM.is_clean(Window(Memory(bytes(1100)), 0, 1100, "disk 0"))

# SPDX-License-Identifier: Apache-2.0
"""What is free on a JFS, against its own debugger."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.test_window import Memory
from tests.guests.drawing import SBIN, run

from vmferry.errors import FormatError, GuestError
from vmferry.guest.filesystems.jfs import FILESYSTEM
from vmferry.guest.filesystems.jfs.blocks import Blocks
from vmferry.guest.filesystems.jfs.inodes import SIZE, TABLE
from vmferry.guest.filesystems.jfs.space import MAP, free_bytes
from vmferry.guest.window import Pages, Window
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

INODE = TABLE + MAP * SIZE
BLOCK = 4 * KIB


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty file system."""
    if shutil.which("mkfs.jfs", path=SBIN) is None:
        pytest.skip("needs mkfs.jfs")
    path = tmp_path_factory.mktemp("jfs") / "image"
    with path.open("xb") as file:
        file.truncate(32 * MIB)
    run(["mkfs.jfs", "-q", str(path)])
    return path


@pytest.mark.oracle
def test_free_is_what_jfs_debugfs_says(image: Path) -> None:
    said = run(["jfs_debugfs", str(image)], "dm\nx\nq\n")
    found = re.search(r"dn_nfree:\s+0x([0-9a-f]+)", said)
    assert found is not None
    disk = FileDisk(image)
    window = Window(Pages(disk), 0, disk.size, "disk 0")
    assert FILESYSTEM.free(window) == int(found[1], 16) * BLOCK > 30 * MIB


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("at", "data", "message"),
    [
        (16 * BLOCK + 8, b"\xff" * 8, "block map: found 18446744073709551615 free blocks of 7884"),
        (INODE + 8, b"\x07", "inode 2: found number 7 in it"),
        (INODE + 224 + 32, b"\x08", "block map: found no first page"),
        (INODE + 224 + 32 + 12, b"\xff\xff\xff\x7f", "block 2147483647 at byte"),
    ],
)
def test_a_damaged_map_is_refused(image: Path, at: int, data: bytes, message: str) -> None:
    content = bytearray(image.read_bytes())
    content[at : at + len(data)] = data
    window = Window(Memory(bytes(content)), 0, len(content), "disk 0")
    with pytest.raises(FormatError) as caught:
        free_bytes(Blocks(window, BLOCK))
    assert message in caught.value.message
    with pytest.raises(GuestError, match="disk 0: the jfs file system cannot be read"):
        FILESYSTEM.free(window)

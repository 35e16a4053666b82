# SPDX-License-Identifier: Apache-2.0
"""What is free on a Btrfs, against its own tool."""

from __future__ import annotations

import re
import shutil
import struct
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.test_window import Memory
from tests.guests.drawing import SBIN, run

from vmferry.guest.filesystems.btrfs.space import free
from vmferry.guest.filesystems.btrfs.superblock import OFFSET
from vmferry.guest.window import Pages, Window
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.oracle
def test_free_is_what_btrfs_says(tmp_path: Path) -> None:
    if shutil.which("mkfs.btrfs", path=SBIN) is None:
        pytest.skip("needs mkfs.btrfs")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "file").write_bytes(bytes(range(256)) * 4096)
    image = tmp_path / "image"
    with image.open("xb") as file:
        file.truncate(128 * MIB)
    run(["mkfs.btrfs", "-q", "--rootdir", str(tmp_path / "root"), str(image)])
    said = run(["btrfs", "inspect-internal", "dump-super", str(image)])
    total, used = (
        int(re.search(rf"^{name}\s+(\d+)$", said, re.MULTILINE)[1])  # type: ignore[index]
        for name in ("total_bytes", "bytes_used")
    )
    disk = FileDisk(image)
    assert free(Window(Pages(disk), 0, disk.size, "disk 0")) == total - used > 100 * MIB


@pytest.mark.parametrize(("used", "expected"), [(4, 6), (10, 0), (11, None)])
def test_no_more_is_used_than_there_is(used: int, expected: int | None) -> None:
    data = bytes(OFFSET + 112) + struct.pack("<QQ", 10, used)
    assert free(Window(Memory(data), 0, len(data), "disk 0")) == expected
    assert free(Window(Memory(data[:-1]), 0, len(data) - 1, "disk 0")) is None

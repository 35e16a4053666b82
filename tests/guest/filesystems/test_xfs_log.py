# SPDX-License-Identifier: Apache-2.0
"""XFS's log: empty or not, as xfs_logprint says; and damaged ones."""

from __future__ import annotations

import random
import shutil
import struct
from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems import dirty
from tests.guest.test_window import Memory
from tests.guests.drawing import SBIN, run

from vmferry.guest.filesystems import _xfs_log
from vmferry.guest.filesystems.xfs import FILESYSTEM
from vmferry.guest.window import Pages, Window
from vmferry.units import KIB, MIB, SECTOR

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = 1000
START = 64 * KIB


def _window(path: Path) -> Window:
    disk = FileDisk(path)
    return Window(Pages(disk), 0, disk.size, "disk 0")


def _said(path: Path) -> bool:
    if shutil.which("xfs_logprint", path=SBIN) is None:
        pytest.skip("xfs_logprint is not installed")
    return "state: <CLEAN>" in run(["xfs_logprint", "-t", str(path)])


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "clean"), [("xfsclean", True), ("xfsdirty", False)])
def test_says_what_xfs_logprint_says(name: str, clean: bool) -> None:
    path = dirty.disks() / name
    assert _said(path) is clean
    assert FILESYSTEM.is_clean(_window(path)) is clean


@pytest.mark.oracle
@pytest.mark.parametrize(
    "options", [[], ["-m", "crc=0"], ["-l", "su=256k"], ["-l", "version=1", "-m", "crc=0"]]
)
def test_a_new_one_is_empty(options: list[str], tmp_path: Path) -> None:
    if shutil.which("mkfs.xfs", path=SBIN) is None:
        pytest.skip("mkfs.xfs is not installed")
    path = tmp_path / "part.raw"
    with path.open("xb") as file:
        file.truncate(320 * MIB)
    run(["mkfs.xfs", "-q", *options, str(path)])
    assert FILESYSTEM.is_clean(_window(path))


def _super_block(start: int = 1 << 4, blocks: int = BLOCKS * SECTOR // (4 * KIB)) -> bytes:
    """Return one of groups of 15 blocks, of 4 KiB, whose numbers have four bits."""
    data = bytearray(512)
    struct.pack_into(">Q", data, 48, start)
    struct.pack_into(">I", data, 84, 15)
    struct.pack_into(">I", data, 96, blocks)
    data[120], data[124] = 12, 4
    return bytes(data)


def _log(head: int, turn: int, record: int, flags: int, **fields: int) -> Window:
    """Return a log whose last turn ends before ``head`` with a record of two blocks."""
    values = {"version": 2, "length": SECTOR, "operations": 1, "size": 32 * KIB, **fields}
    blocks = [
        bytearray(struct.pack(">I", turn if number < head else turn - 1).ljust(SECTOR, b"\0"))
        for number in range(BLOCKS)
    ]
    struct.pack_into(
        ">IIII", blocks[record], 0, 0xFEEDBABE, turn, values["version"], values["length"]
    )
    struct.pack_into(">I", blocks[record], 40, values["operations"])
    struct.pack_into(">I", blocks[record], 320, values["size"])
    behind = record + max(values["size"] // (32 * KIB), 1)
    if behind < BLOCKS:
        blocks[behind][9] = flags
    data = _super_block().ljust(15 * 4 * KIB, b"\0") + b"".join(blocks)
    return Window(Memory(data), 0, len(data), "disk 0")


@pytest.mark.parametrize(
    ("window", "empty"),
    [
        (_log(502, 7, 500, 0x20), True),
        (_log(502, 7, 500, 0x21), True),
        (_log(502, 7, 500, 0), False),
        (_log(503, 7, 500, 0x20), False),
        (_log(502, 7, 500, 0x20, operations=2), False),
        (_log(502, 7, 500, 0x20, length=3 * SECTOR), False),
        (_log(504, 7, 500, 0x20, length=3 * SECTOR), True),
        (_log(509, 7, 500, 0x20, size=256 * KIB), True),
        (_log(502, 7, 500, 0x20, size=0), True),
        (_log(502, 7, 500, 0x20, version=1, size=0), True),
        (_log(2, 1, 0, 0x20), True),
        (_log(BLOCKS, 7, BLOCKS - 2, 0x20), True),
        (_log(BLOCKS, 7, BLOCKS - 1, 0x20, size=0, length=0), False),
    ],
)
def test_the_last_record_counts(window: Window, empty: bool) -> None:
    assert _xfs_log.find(window) == (15 * 4 * KIB, BLOCKS)
    assert _xfs_log.is_empty(window) is empty


@pytest.mark.parametrize(
    "super_block",
    [
        _super_block(start=0),
        _super_block(start=1 << 60),
        _super_block(blocks=0),
        _super_block(blocks=1 << 31),
        bytes(600),
        b"",
    ],
)
def test_a_log_that_is_not_here(super_block: bytes) -> None:
    window = Window(Memory(super_block), 0, len(super_block), "disk 0")
    assert _xfs_log.find(window) is None
    assert _xfs_log.is_empty(window)


def test_a_log_without_records() -> None:
    data = _super_block().ljust(START + BLOCKS * SECTOR, b"\0")
    assert _xfs_log.is_empty(Window(Memory(data), 0, len(data), "disk 0"))


def test_damaged_logs_only_answer() -> None:
    window = _log(502, 7, 500, 0x20)
    data = window.peek(0, window.size)
    chance = random.Random(5)
    for _ in range(300):
        copy = bytearray(data)
        for _ in range(20):
            at = chance.choice((chance.randrange(130), chance.randrange(len(copy))))
            copy[at] = chance.randrange(256)
        assert _xfs_log.is_empty(Window(Memory(bytes(copy)), 0, len(copy), "disk 0")) in (
            True,
            False,
        )

# SPDX-License-Identifier: Apache-2.0
"""The look itself, in this process: which damage counts, and which root is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.test_window import Memory
from tests.guest.trees import node_of
from tests.guests.drawing import draw, load

from vmferry.errors import GuestError
from vmferry.guest.filesystem import FileSystem
from vmferry.guest.look import look
from vmferry.guest.roots import READERS
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.guest.window import Window


def _with_data_disk(tmp_path: Path, damage: bool) -> list[FileDisk]:
    documents: list[dict[str, Any]] = [load("debian-12"), load("no-os")]
    paths = [
        path
        for number, document in enumerate(documents)
        for path in draw(document, _folder(tmp_path / str(number)))
    ]
    if damage:
        with paths[1].open("r+b") as file:
            file.seek(MIB + 1024 + 88)  # s_inode_size
            file.write(b"\x01\0")
    return [FileDisk(path) for path in paths]


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.oracle
@pytest.mark.parametrize("damage", [False, True])
def test_a_data_disk_does_not_matter(tmp_path: Path, damage: bool) -> None:
    facts = look(_with_data_disk(tmp_path, damage))
    assert (facts.distribution, facts.root) == ("debian", 0)
    assert [partition.disk for partition in facts.partitions] == [0, 0, 1, 1]


@pytest.mark.oracle
def test_a_damaged_root_is_the_cause(tmp_path: Path) -> None:
    disks = _with_data_disk(tmp_path, damage=True)
    with pytest.raises(GuestError) as caught:
        look(disks[1:])
    assert caught.value.message == "disk 0, partition 1: the ext file system is damaged"


def test_a_damaged_table_is_the_cause() -> None:
    sector = bytes(450) + b"\xee" + bytes(3) + b"\x01\0\0\0\xff\0\0\0" + bytes(48) + b"\x55\xaa"
    with pytest.raises(GuestError, match="disk 0: the gpt partition table is damaged") as caught:
        look([Memory(sector.ljust(MIB, b"\0"))])
    assert caught.value.aws_text == "ClientError: No valid partitions. Not a valid volume."


BTRFS = (bytes(64 * KIB + 64) + b"_BHRfS_M").ljust(MIB, b"\0")
SYSTEM: dict[str, str | bytes] = {
    "etc/os-release": "ID=fedora\n",
    "boot/vmlinuz-6.8.5-301.fc40.x86_64": "kernel",
}


@pytest.mark.parametrize(
    ("free", "expected", "damage"),
    [
        (5, 5, ()),
        (None, None, ()),
        (MIB + 1, None, ("disk 0: found 1048577 free bytes, expected at most its 1048576",)),
        (GuestError("no map"), None, ("no map",)),
    ],
)
def test_free_bytes_that_cannot_be_are_damage(
    free: int | GuestError | None,
    expected: int | None,
    damage: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(_window: Window) -> int | None:
        if isinstance(free, GuestError):
            raise free
        return free

    reader = FileSystem(
        name="btrfs", kinds=("btrfs",), open=lambda _window: node_of(SYSTEM), free=said
    )
    monkeypatch.setitem(READERS, "btrfs", reader)
    facts = look([Memory(BTRFS)])
    assert (facts.free, facts.damage) == (expected, damage)

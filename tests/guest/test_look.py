# SPDX-License-Identifier: Apache-2.0
"""The look itself, in this process: which damage counts, and which root is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.test_window import Memory
from tests.guest.volumes.lvm.recipes import group, linear, physical, volume
from tests.guests.drawing import draw, load

from vmferry.errors import GuestError
from vmferry.guest.look import look
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.oracle
def test_a_group_of_data_that_is_not_whole_is_told(tmp_path: Path) -> None:
    (path,) = draw(load("debian-12"), tmp_path)
    data = physical(group(volume("data", linear(0, 4, "pv1", 0))))
    facts = look([FileDisk(path), Memory(bytes(data))])
    assert (facts.distribution, facts.damage) == ("debian", ())
    (lost,) = facts.lost_volumes
    assert "vg" in lost
    assert look([FileDisk(path)]).lost_volumes == ()


@pytest.mark.oracle
def test_a_root_that_was_not_unmounted_is_told(tmp_path: Path) -> None:
    (path,) = draw(load("debian-12"), tmp_path)
    facts = look([FileDisk(path)])
    assert facts.partitions[facts.root].clean
    assert facts.partitions[facts.root].free == facts.free is not None
    with path.open("r+b") as file:
        file.seek(MIB + 1024 + 58)  # s_state
        file.write(b"\0\0")
    facts = look([FileDisk(path)])
    assert not facts.partitions[facts.root].clean

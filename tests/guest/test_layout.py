# SPDX-License-Identifier: Apache-2.0
"""What is where on disks: tables before bare file systems, and members before their volumes."""

from __future__ import annotations

import pytest
from tests.guest.test_window import Memory

from vmferry.errors import GuestError
from vmferry.guest import layout
from vmferry.guest.layout import MANAGERS, TABLES, where
from vmferry.guest.window import Pages
from vmferry.model.guest import Partition
from vmferry.units import MIB

XFS = b"XFSB".ljust(MIB, b"\0")


def test_asks_the_specific_first() -> None:
    assert [table.name for table in TABLES] == ["gpt", "mbr"]
    assert [manager.name for manager in MANAGERS] == ["lvm", "ldm"]


def test_a_bare_disk_is_a_place_if_something_is_on_it() -> None:
    found = layout.read([Pages(Memory(XFS)), Pages(Memory(bytes(MIB)))])
    assert found.tables == ["none", "none"]
    (place,) = found.places
    assert place.partition == Partition(
        disk=0, number=0, offset=0, size=MIB, kind="", filesystem="xfs"
    )
    assert place.window.peek(0, 4) == b"XFSB"
    assert found.damage == []


@pytest.mark.parametrize("kind", [(0, b"LUKS\xba\xbe"), (3, b"-FVE-FS-"), (512, b"LABELONE")])
def test_encrypted_and_joined_disks_without_partitions(kind: tuple[int, bytes]) -> None:
    offset, magic = kind
    found = layout.read([Pages(Memory((bytes(offset) + magic).ljust(MIB, b"\0")))])
    assert found.tables == ["none"]
    assert [place.partition.filesystem for place in found.places] in (
        ["crypto_LUKS"],
        ["BitLocker"],
        ["LVM2_member"],
    )


def test_nothing_at_all() -> None:
    text = "disk 0: found neither a partition table nor a file system in 1 MiB"
    with pytest.raises(GuestError, match=text) as caught:
        layout.read([Pages(Memory(bytes(MIB)))] * 2)
    assert caught.value.aws_text == "ClientError: No valid partitions. Not a valid volume."


def test_a_damaged_table() -> None:
    sector = bytes(450) + b"\xee" + bytes(3) + b"\x01\0\0\0\xff\0\0\0" + bytes(48) + b"\x55\xaa"
    disks = [Pages(Memory(XFS)), Pages(Memory(sector.ljust(MIB, b"\0")))]
    with pytest.raises(GuestError, match="disk 1: the gpt partition table is damaged"):
        layout.read(disks)


@pytest.mark.parametrize(
    ("number", "volume", "said"),
    [(2, "", "disk 1, partition 2"), (0, "", "disk 1"), (0, "vg/lv", "volume vg/lv")],
)
def test_how_messages_call_a_place(number: int, volume: str, said: str) -> None:
    partition = Partition(disk=1, number=number, offset=0, size=1, kind="", volume=volume)
    assert where(partition) == said

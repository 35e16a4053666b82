# SPDX-License-Identifier: Apache-2.0
"""Groups: volumes over two disks, and every reason why a volume cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.guest.filesystems.mutations import mutated, outcome
from tests.guest.volumes.lvm.recipes import (
    DATA,
    EXTENT,
    UUID_1,
    group,
    linear,
    member,
    physical,
    striped,
    volume,
)
from tests.guests.drawing import run

from vmferry.guest.volumes.lvm import group as lvm_group
from vmferry.guest.volumes.lvm.group import join
from vmferry.model.guest import Partition
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

FAILED = "ClientError: Unsupported configuration - Logical volume group activation failed"
REPAIR = "Repair the volume group in the machine and export it again"


def _two(text: str, second: str = "") -> list[bytearray]:
    return [physical(text), physical(second, UUID_1)]


def _causes(*disks: bytearray) -> list[tuple[str, str]]:
    joined, damage = join([member(disk, number) for number, disk in enumerate(disks)])
    assert joined == []
    assert {error.aws_text for error in damage} == {FAILED}
    return [(error.message, error.hint) for error in damage]


def test_linear_and_striped_volumes_over_two_disks() -> None:
    long = volume("long", linear(0, 2, "pv1", 1), linear(2, 1, "pv0", 7))
    wide = volume("wide", striped(0, 4, [("pv0", 2), ("pv1", 4)], 64))
    disks = _two(group(f"{long} {wide}"))
    joined, damage = join([member(disk, number) for number, disk in enumerate(disks)])
    assert damage == []
    assert [each.partition for each in joined] == [
        Partition(
            disk=1,
            number=0,
            offset=DATA + EXTENT,
            size=3 * EXTENT,
            kind="lvm",
            volume="vg/long",
        ),
        Partition(
            disk=0,
            number=0,
            offset=DATA + 2 * EXTENT,
            size=4 * EXTENT,
            kind="lvm",
            volume="vg/wide",
        ),
    ]
    bytes_of = [each.data.read_at(0, each.data.size) for each in joined]
    assert bytes_of[0] == b"\2" * EXTENT + b"\3" * EXTENT + b"\x08" * EXTENT
    half = EXTENT // 2
    turns = [b"\3" * half + b"\5" * half] * 2 + [b"\4" * half + b"\6" * half] * 2
    assert bytes_of[1] == b"".join(turns)


def test_the_newest_metadata_counts() -> None:
    old = group(volume("old", linear(0, 1, "pv0", 0)), seqno=7)
    new = group(volume("new", linear(0, 1, "pv0", 0)), seqno=8)
    for disks in (_two(old, new), _two(new, old)):
        joined, damage = join([member(disk) for disk in disks])
        assert [each.partition.volume for each in joined] == ["vg/new"]
        assert damage == []


def test_hidden_volumes_are_no_volumes() -> None:
    text = group(volume("hidden", linear(0, 1, "pv0", 0), status="WRITE"))
    assert join([member(disk) for disk in _two(text)]) == ([], [])
    assert join(
        [member(physical('vg { id = "a" seqno = 1 extent_size = 8 physical_volumes {} }'))]
    ) == (
        [],
        [],
    )


WRONG = {
    "raid": (
        volume("lv", 'start_extent = 0 extent_count = 1 type = "raid1"'),
        "found the type raid1, expected linear or striped",
    ),
    "no type": (volume("lv", "start_extent = 0 extent_count = 1"), "found no type"),
    "no segments": (volume("lv"), "found 0 segments"),
    "gap": (
        volume("lv", linear(0, 1, "pv0", 0), linear(2, 1, "pv0", 1)),
        "found a segment at byte 131072, expected it at 65536",
    ),
    "overlap": (
        volume("lv", linear(0, 2, "pv0", 0), linear(1, 1, "pv0", 3)),
        "found a segment at byte 65536, expected it at 131072",
    ),
    "empty": (volume("lv", linear(0, 0, "pv0", 0)), "found 0 extents on 1 stripes"),
    "odd": (
        volume("lv", striped(0, 3, [("pv0", 0), ("pv1", 0)], 8)),
        "found 3 extents on 2 stripes",
    ),
    "no stripes": (
        volume("lv", linear(0, 1, "pv0", 0).replace('"pv0", 0', "")),
        "found no stripes",
    ),
    "half": (volume("lv", linear(0, 1, "pv0", 0).replace(", 0]", "]")), "found no stripes"),
    "no size": (
        volume("lv", striped(0, 2, [("pv0", 0), ("pv1", 0)], 0)),
        "found a stripe_size of 0",
    ),
    "uneven": (
        volume("lv", striped(0, 4, [("pv0", 0), ("pv1", 0)], 288)),
        "found a stripe_size of 147456",
    ),
    "outside": (
        volume("lv", linear(0, 2, "pv1", 7)),
        f"ends at byte {DATA + 9 * EXTENT} of disk 1, which has {DATA + 8 * EXTENT}",
    ),
    "far": (volume("lv", linear(0, 1, "pv0", 9 * 10**18)), "found extent 9000000000000000000"),
    "text": (volume("lv", linear(0, 1, "pv0", 0).replace("0]", '"0"]')), "found extent 0"),
    "huge": (
        volume("lv", linear(0, 9 * 10**18, "pv0", 0)),
        "found 9000000000000000000 as extent_c",
    ),
    "no such pv": (volume("lv", linear(0, 1, "pv7", 0)), "found no pv7"),
    "negative": (volume("lv", linear(-1, 1, "pv0", 0)), "found -1 as start_extent"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_volume_that_cannot_be_had(name: str) -> None:
    text, cause = WRONG[name]
    ((message, hint),) = _causes(*_two(group(text)))
    assert message.startswith(f"LVM volume vg/lv: {cause}")
    assert hint == REPAIR or name == "raid"


def test_a_disk_that_is_missing() -> None:
    text = group(volume("lv", linear(0, 1, "pv1", 0)))
    assert _causes(physical(text)) == [
        (
            f"LVM volume vg/lv: its physical volume {UUID_1} is on none of the disks",
            "Add the disk that holds it",
        )
    ]


def test_a_disk_that_is_there_twice() -> None:
    text = group("")
    disks = [member(physical(text), number) for number in range(2)]
    _, (error,) = join(disks)
    assert error.message == "disk 1: the same physical volume as on disk 0"
    assert error.hint == "Import one copy of each disk"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vg {", "disk 0: the metadata of LVM is damaged"),
        ("vg = 1", "disk 0: the metadata of LVM is damaged"),
        ('vg { id = "a" }', "disk 0: the metadata of LVM is damaged"),
        ('vg { id = "a" seqno = 1 }', "LVM group vg: found no physical_volumes"),
        (group("", extent_sectors=0), "LVM group vg: found an extent_size of 0 bytes"),
    ],
)
def test_metadata_that_is_none(text: str, message: str) -> None:
    assert _causes(physical(text)) == [(message, REPAIR)]


def test_a_label_that_is_none() -> None:
    assert _causes(bytearray(MIB)) == [("disk 0: the label of LVM is damaged", REPAIR)]


def test_too_many_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lvm_group, "MOST_VOLUMES", 3)
    text = group(" ".join(volume(f"lv{n}", linear(0, 1, "pv0", 0)) for n in range(5)))
    joined, (error,) = join([member(disk) for disk in _two(text)])
    assert len(joined) == 3
    assert error.message == "LVM group vg: found more than 3 volumes"


def test_names_that_are_too_long() -> None:
    longest, longer = "x" * 127, "y" * 128
    volumes = [volume(name, linear(0, 1, "pv0", 0)) for name in (longest, longer)]
    joined, (error,) = join([member(disk) for disk in _two(group(" ".join(volumes)))])
    assert [partition.volume for partition, _ in joined] == [f"vg/{longest}"]
    assert error.message == f"LVM volume vg/{longer[:-1]}: found a name of 128 characters"
    assert _causes(physical(group(volumes[0]).replace("vg {", f"{longer} {{"))) == [
        ("disk 0: the metadata of LVM is damaged", REPAIR)
    ]


def test_more_text_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = group(volume("root", linear(0, 1, "pv0", 0)))
    other = group(volume("root", linear(0, 1, "pv1", 0)), seqno=2)
    monkeypatch.setattr(lvm_group, "MOST_TEXT", len(text) + 1)
    joined, damage = join([member(disk, number) for number, disk in enumerate(_two(text, text))])
    assert ([partition.volume for partition, _ in joined], damage) == (["vg/root"], [])
    joined, (error,) = join([member(disk, number) for number, disk in enumerate(_two(text, other))])
    assert [partition.volume for partition, _ in joined] == ["vg/root"]
    assert error.message.endswith("bytes of LVM metadata on all disks")
    assert error.message.startswith(f"disk 1: found more than {len(text) + 1}")


@pytest.mark.oracle
def test_a_mutated_group_ends_in_facts_or_a_refusal(tmp_path: Path) -> None:
    root, image = tmp_path / "root", tmp_path / "part.raw"
    (root / "etc").mkdir(parents=True)
    (root / "boot").mkdir()
    (root / "etc" / "os-release").write_text("ID=centos\n")
    (root / "boot" / "vmlinuz-5.14").write_text("kernel")
    with image.open("xb") as file:
        file.truncate(4 * MIB)
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(image)])
    content = image.read_bytes()
    extents = len(content) // EXTENT
    disk = physical(group(volume("root", linear(0, extents, "pv0", 0))), extents=extents)
    disk[DATA:] = content
    assert outcome(bytes(disk)) == "centos"
    said = {outcome(copy + content) for copy in mutated(bytes(disk[:DATA]), seed=9, count=15)}
    assert len(said) > 1

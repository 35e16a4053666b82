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
from vmferry.guest.filesystem import FileSystem, Subvolume
from vmferry.guest.look import FAMILIES, READERS, ROOTS, look
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.guest.window import Window


def test_asks_the_specific_first() -> None:
    assert [family.name for family in FAMILIES][-1] == "linux"
    assert {"ext2", "ext3", "ext4", "xfs", "vfat", "ntfs"} <= set(READERS)
    assert {"ext2", "ext3", "ext4", "xfs"} <= set(ROOTS)
    assert not {"vfat", "ntfs"} & set(ROOTS)


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


RELEASE = "ID=fedora\n"
KERNEL = "boot/vmlinuz-6.8.5-301.fc40.x86_64"
BTRFS = (bytes(64 * KIB + 64) + b"_BHRfS_M").ljust(MIB, b"\0")

Files = dict[str, str | bytes]


def _system(subvolume: str, name: str = "fedora") -> Files:
    """Return a system whose fstab says that it is in ``subvolume``."""
    return {
        "etc/os-release": f"ID={name}\n",
        "etc/fstab": f"UUID=x / btrfs subvol={subvolume},compress=zstd:1 0 0\n",
        KERNEL: "kernel",
    }


def _with_subvolumes(
    monkeypatch: pytest.MonkeyPatch, top: Files, **subvolumes: tuple[Files, bool]
) -> None:
    def others(_window: Window) -> Iterator[Subvolume]:
        for number, (path, (files, read_only)) in enumerate(subvolumes.items(), 256):
            yield Subvolume(
                number=number,
                path=path.replace("_", "/"),
                root=node_of(files),
                read_only=read_only,
                default=False,
            )

    reader = FileSystem(
        name="btrfs", kinds=("btrfs",), open=lambda _window: node_of(top), subvolumes=others
    )
    monkeypatch.setitem(READERS, "btrfs", reader)


def test_the_subvolume_that_is_mounted_by_default_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(monkeypatch, _system(""), old=(_system("old", "old"), False))
    assert look([Memory(BTRFS)]).distribution == "fedora"


def test_a_root_is_where_its_own_fstab_says(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(
        monkeypatch,
        {"root": ""},
        home=({"user/file": ""}, False),
        snapshots_1=(_system("root", "copy"), False),
        root=(_system("root"), False),
    )
    assert look([Memory(BTRFS)]).distribution == "fedora"


def test_the_only_system_counts_whatever_its_fstab_says(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(
        monkeypatch,
        {},
        kept=(_system("@", "copy"), True),
        root=({"etc/os-release": RELEASE, KERNEL: ""}, False),
    )
    assert look([Memory(BTRFS)]).distribution == "fedora"


def test_systems_of_which_none_is_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(monkeypatch, {}, a=(_system("@"), False), b=(_system("@"), False))
    with pytest.raises(GuestError, match=r"no os-release file in disk 0 \(btrfs\)"):
        look([Memory(BTRFS)])


@pytest.mark.parametrize(
    ("option", "kernels"), [("subvol=/boot", [KERNEL[13:]]), ("defaults", []), ("subvol=x", [])]
)
def test_a_boot_on_a_subvolume(
    option: str, kernels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    top: Files = {
        "etc/os-release": RELEASE,
        "etc/fstab": f"/dev/sda /boot btrfs {option}\n",
        "boot/vmlinuz-hidden": "",
    }
    _with_subvolumes(monkeypatch, top, boot=({KERNEL[5:]: "kernel"}, False))
    if kernels:
        assert [kernel.release for kernel in look([Memory(BTRFS)]).kernels] == kernels
    else:
        with pytest.raises(GuestError, match="disk 0: Linux has no kernel in /boot"):
            look([Memory(BTRFS)])


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
        name="btrfs", kinds=("btrfs",), open=lambda _window: node_of(_system("")), free=said
    )
    monkeypatch.setitem(READERS, "btrfs", reader)
    facts = look([Memory(BTRFS)])
    assert (facts.free, facts.damage) == (expected, damage)

# SPDX-License-Identifier: Apache-2.0
"""Which file system is the root, and what is mounted below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems.btrfs.disks import disks
from tests.guest.test_window import Memory
from tests.guest.trees import MemoryNode, node_of

from vmferry.errors import GuestError
from vmferry.guest import layout, roots
from vmferry.guest.filesystem import FileSystem, Subvolume, Tree
from vmferry.guest.roots import READERS, ROOTS
from vmferry.guest.window import Pages
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.roots import Root
    from vmferry.guest.window import Window


def test_what_can_be_a_root() -> None:
    assert {"ext2", "ext3", "ext4", "xfs", "vfat", "ntfs"} <= set(READERS)
    assert {"ext2", "ext3", "ext4", "xfs", "btrfs", "jfs"} == set(ROOTS)


BTRFS = (bytes(64 * KIB + 32) + b"f" * 16 + bytes(16) + b"_BHRfS_M").ljust(MIB, b"\0")
OTHER = BTRFS.replace(b"f" * 16, b"g" * 16)

Files = dict[str, str | bytes]


def _system(subvolume: str, name: str = "fedora") -> Files:
    """Return a system whose fstab says that it is in ``subvolume``."""
    return {
        "etc/os-release": f"ID={name}\n",
        "etc/fstab": f"UUID=x / btrfs subvol={subvolume},compress=zstd:1 0 0\n",
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
    assert _system_of([BTRFS]) == "fedora"


def test_a_root_is_where_its_own_fstab_says(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(
        monkeypatch,
        {"root": ""},
        home=({"user/file": ""}, False),
        snapshots_1=(_system("root", "copy"), False),
        root=(_system("root"), False),
    )
    assert _system_of([BTRFS]) == "fedora"


def test_the_only_system_counts_whatever_its_fstab_says(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(
        monkeypatch,
        {},
        kept=(_system("@", "copy"), True),
        root=({"etc/os-release": "ID=fedora\n"}, False),
    )
    assert _system_of([BTRFS]) == "fedora"


def test_systems_of_which_none_is_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(monkeypatch, {}, a=(_system("@"), False), b=(_system("@"), False))
    with pytest.raises(GuestError, match=r"no os-release file in disk 0 \(btrfs\)"):
        _system_of([BTRFS])


def _find(disks: list[bytes]) -> Root:
    return roots.find(layout.read([Pages(Memory(disk)) for disk in disks]))


def _system_of(disks: list[bytes]) -> str:
    return _text(_find(disks).tree, "/etc/os-release").strip().removeprefix("ID=")


def _text(tree: Tree, path: str) -> str:
    return tree.read_head(path, KIB).decode()


def test_the_root_s_subvolume(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(monkeypatch, {}, root=(_system("root"), False))
    assert _find([BTRFS]).subvolume == "root"


def test_a_root_by_the_number_of_its_subvolume(monkeypatch: pytest.MonkeyPatch) -> None:
    copy, root = _system("@", "copy"), _system("@")
    for files in (copy, root):
        files["etc/fstab"] = "UUID=x / btrfs subvolid=257\n"
    _with_subvolumes(monkeypatch, {}, copy=(copy, False), root=(root, False))
    assert _system_of([BTRFS]) == "fedora"
    assert _find([BTRFS]).subvolume == "root"


def test_two_devices_of_one_btrfs_are_one_system(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_subvolumes(monkeypatch, _system(""))
    assert _find([BTRFS, BTRFS]).place == 0
    with pytest.raises(GuestError, match=r"^disk 0 and disk 1: each holds a system"):
        _find([BTRFS, OTHER])


def test_the_device_that_can_be_read_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(window: Window) -> MemoryNode:
        if window.name == "disk 0":
            raise GuestError("disk 0: a layout over devices")
        return node_of(_system(""))

    reader = FileSystem(name="btrfs", kinds=("btrfs",), open=opened)
    monkeypatch.setitem(READERS, "btrfs", reader)
    assert _find([BTRFS, BTRFS]).place == 1
    with pytest.raises(GuestError, match="disk 0: a layout over devices"):
        _find([BTRFS])


def _with_homes(monkeypatch: pytest.MonkeyPatch, options: str, damage: bool = False) -> list[str]:
    """Make the second disk a /home; return the list of windows that will have been opened."""
    opened = []

    def opener(window: Window) -> MemoryNode:
        opened.append(window.name)
        if window.name == "disk 1":
            if damage:
                raise GuestError("disk 1: is damaged")
            return node_of({"user/name": "of the other disk"})
        root = _system("")
        root["etc/fstab"] = f"/dev/sdb /home btrfs {options}\n"
        root["home/user/name"] = "of the root"
        return node_of(root)

    def others(window: Window) -> Iterator[Subvolume]:
        if window.name == "disk 1":
            node = node_of({"user/name": "of the subvolume"})
            yield Subvolume(number=258, path="@home", root=node, read_only=False, default=False)

    reader = FileSystem(name="btrfs", kinds=("btrfs",), open=opener, subvolumes=others)
    monkeypatch.setitem(READERS, "btrfs", reader)
    return opened


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("defaults", "of the other disk"),
        ("subvol=@home", "of the subvolume"),
        ("subvolid=258", "of the subvolume"),
        ("subvol=gone", "of the other disk"),
        ("noauto", "of the root"),
    ],
)
def test_a_home_of_its_own(options: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_homes(monkeypatch, options)
    assert _text(_find([BTRFS, OTHER]).tree, "/home/user/name") == found


def test_what_is_mounted_is_opened_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _with_homes(monkeypatch, "defaults")
    tree = _find([BTRFS, OTHER]).tree
    # Once to look for a system there.
    assert opened == ["disk 0", "disk 1"]
    assert tree.is_dir("/home")
    assert tree.names("/home", 9) == ["user"]
    assert tree.is_file("/home/user/name")
    assert tree.read_head("/home", 9) == b""
    assert opened == ["disk 0", "disk 1", "disk 1"]


def test_a_damaged_home_matters_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _with_homes(monkeypatch, "defaults", damage=True)
    tree = _find([BTRFS, OTHER]).tree
    for _ in range(3):
        with pytest.raises(GuestError, match="disk 1: is damaged"):
            tree.is_file("/home/user/name")
    assert opened == ["disk 0", "disk 1", "disk 1"]


@pytest.mark.oracle
def test_a_mirror_as_the_kernel_wrote_it_is_one_system() -> None:
    devices = [FileDisk(disks() / name) for name in ("mirrora", "mirrorb")]
    for order in (devices, devices[::-1]):
        root = roots.find(layout.read([Pages(disk) for disk in order]))
        assert (root.place, root.subvolume) == (0, "")
        assert _text(root.tree, "/etc/os-release") == "ID=debian\nVERSION_ID=12\n"

# SPDX-License-Identifier: Apache-2.0
"""What fstab mounts, by UUID, label, device or volume, and of Btrfs which subvolume."""

from __future__ import annotations

import pytest
from tests.guest.trees import node_of, tree_of

from vmferry.guest import mounts
from vmferry.guest.filesystem import Subvolume
from vmferry.guest.mounts import MOST, Choice, Mount
from vmferry.model.guest import Partition

BOOT = Partition(
    disk=1, number=2, offset=0, size=1, kind="0x83", uuid="aa-bb", label="my boot", partuuid="c-02"
)
ROOT = Partition(disk=0, number=1, offset=0, size=1, kind="0x83")
BARE = Partition(disk=2, number=0, offset=0, size=1, kind="")
VOLUME = Partition(disk=2, number=0, offset=0, size=1, kind="lvm", volume="my-vg/lv-1")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("UUID=AA-BB /boot ext4 defaults 0 2", {"/boot": BOOT}),
        ('UUID="aa-bb" /usr ext4', {"/usr": BOOT}),
        ("PARTUUID=C-02 /usr ext4", {"/usr": BOOT}),
        (r"LABEL=my\040boot /boot ext4", {"/boot": BOOT}),
        (r"/dev/disk/by-label/my\x20boot /boot ext4", {"/boot": BOOT}),
        ("/dev/disk/by-uuid/aa-bb /boot ext4", {"/boot": BOOT}),
        ("/dev/disk/by-partuuid/c-02 /boot ext4", {"/boot": BOOT}),
        ("/dev/disk/by-id/aa-bb /boot ext4", {}),
        ("/dev/sdb2 /boot ext4", {"/boot": BOOT}),
        ("/dev/xvdb2 /boot ext4", {"/boot": BOOT}),
        ("/dev/nvme1n1p2 /boot ext4", {"/boot": BOOT}),
        ("/dev/vda1 /boot ext4", {"/boot": ROOT}),
        ("/dev/sdc /boot ext4", {"/boot": BARE}),
        ("/dev/nvme2n1 /boot ext4", {"/boot": BARE}),
        ("/dev/sdc2 /boot ext4", {}),
        ("/dev/mapper/my--vg-lv--1 /boot ext4", {"/boot": VOLUME}),
        ("/dev/my-vg/lv-1 /boot ext4", {"/boot": VOLUME}),
        ("/dev/mapper/my-vg-lv-1 /boot ext4", {}),
        ("LABEL= /boot ext4", {}),
        ("PARTUUID= /boot ext4", {}),
        ("UUID=aa-bb /srv ext4", {"/srv": BOOT}),
        ("UUID=aa-bb /home/ ext4 defaults,noauto", {}),
        ("UUID=aa-bb /boot ext4 noauto", {"/boot": BOOT}),
        ("UUID=aa-bb / ext4", {}),
        ("UUID=aa-bb /etc ext4", {}),
        ("UUID=aa-bb none swap", {}),
        ("UUID=aa-bb /mnt nfs", {}),
        ("#UUID=aa-bb /boot ext4", {}),
        ("/boot", {}),
        ("", {}),
    ],
)
def test_finds_what_is_mounted(line: str, found: dict[str, Partition]) -> None:
    tree = tree_of({"etc/fstab": f"# x\n{line}\n"})
    assert mounts.read(tree, [ROOT, BOOT, VOLUME, BARE]) == {
        path: Mount(partition) for path, partition in found.items()
    }


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ("defaults", Choice()),
        ("subvol=@", Choice("@")),
        ("noatime,subvol=/@/.snapshots/1/snapshot,ro", Choice("@/.snapshots/1/snapshot")),
        ("subvol=/", Choice("", 5)),
        ("subvolid=5", Choice("", 5)),
        ("subvolid=0", Choice("", 5)),
        ("subvolid=256", Choice("", 256)),
        ("subvolid=0x101,rw", Choice("", 257)),
        ("subvolid=256,subvol=@", Choice("@", 256)),
        ("subvolid=x", Choice()),
        ("subvolid=" + "9" * 5000, Choice()),
    ],
)
def test_subvolumes(options: str, choice: Choice) -> None:
    fstab = f"UUID=aa-bb / btrfs {options} 0 0\nUUID=aa-bb /usr btrfs {options}\n"
    tree = tree_of({"etc/fstab": fstab})
    assert mounts.root_choice(tree) == choice
    assert mounts.read(tree, [BOOT]) == {"/usr": Mount(BOOT, choice)}


def test_which_subvolume_is_chosen() -> None:
    home = Subvolume(number=257, path="@home", root=node_of({}), read_only=False, default=False)
    assert Choice("@home").is_of(home)
    assert Choice("", 257).is_of(home)
    assert not Choice("@", 257).is_of(home)
    assert not Choice("", 5).is_of(home)
    assert not Choice()


def test_no_fstab_mounts_nothing() -> None:
    assert mounts.read(tree_of({}), [ROOT]) == {}
    assert mounts.root_choice(tree_of({})) == Choice()


def test_a_long_fstab_is_read_in_short_time() -> None:
    lines = "/dev/sda1 /srv ext4\n" * 50_000 + "/dev/sda1 /boot ext4\n"
    assert mounts.read(tree_of({"etc/fstab": lines}), [ROOT]) == {
        "/srv": Mount(ROOT),
        "/boot": Mount(ROOT),
    }


def test_an_fstab_of_very_many_places() -> None:
    lines = "".join(f"/dev/sda1 /srv/{number} ext4\n" for number in range(10_000))
    assert len(mounts.read(tree_of({"etc/fstab": lines}), [ROOT])) == MOST

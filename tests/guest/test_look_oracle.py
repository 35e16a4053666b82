# SPDX-License-Identifier: Apache-2.0
"""Where distributions have their root on Btrfs, as mkfs.btrfs and the Linux kernel write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems.appliance import filled

from vmferry.guest.look import look
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

LAYOUTS: Final = ("fedora", "ubuntu", "suse", "debian")

SCRIPT: Final = """
modprobe btrfs
mkdir -p /m
for each in fedora ubuntu suse debian; do mkfs.btrfs -q $each; done
system() {  # WHERE NAME SUBVOLUME
  mkdir -p $1/etc $1/boot
  echo "ID=$2" > $1/etc/os-release
  echo "UUID=x / btrfs subvol=$3 0 0" > $1/etc/fstab
  echo kernel > $1/boot/vmlinuz-6.1
}
mount -t btrfs fedora /m
btrfs subvolume create /m/home
btrfs subvolume create /m/root
system /m/root fedora root
umount /m

mount -t btrfs ubuntu /m
btrfs subvolume create /m/@
system /m/@ ubuntu @
mkdir -p /m/timeshift-btrfs/snapshots/1
btrfs subvolume snapshot /m/@ /m/timeshift-btrfs/snapshots/1/@
echo ID=copy > /m/timeshift-btrfs/snapshots/1/@/etc/os-release
umount /m

mount -t btrfs suse /m
btrfs subvolume create /m/@
btrfs subvolume create /m/@/.snapshots
mkdir /m/@/.snapshots/1 /m/@/.snapshots/2
btrfs subvolume create /m/@/.snapshots/1/snapshot
system /m/@/.snapshots/1/snapshot opensuse-leap ''
btrfs subvolume snapshot -r /m/@/.snapshots/1/snapshot /m/@/.snapshots/2/snapshot
btrfs subvolume set-default /m/@/.snapshots/1/snapshot
umount /m

mount -t btrfs debian /m
btrfs subvolume create /m/@rootfs
system /m/@rootfs debian @rootfs
umount /m
"""
NAMES: Final = {"suse": "opensuse-leap"}


@pytest.fixture(scope="module")
def disks() -> Path:
    """The folder of the disks."""
    return filled(SCRIPT, bytes(512), dict.fromkeys(LAYOUTS, 112 * MIB), "btrfs")


@pytest.mark.oracle
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_root_is_found(disks: Path, layout: str) -> None:
    facts = look([FileDisk(disks / layout)])
    assert facts.distribution == NAMES.get(layout, layout)
    assert [kernel.release for kernel in facts.kernels] == ["6.1"]
    assert facts.partitions[facts.root].filesystem == "btrfs"

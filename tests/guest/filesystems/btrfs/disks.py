# SPDX-License-Identifier: Apache-2.0
"""Btrfs as mkfs.btrfs and the Linux kernel write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.guest.filesystems.appliance import filled
from tests.guest.filesystems.content import archive

from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

SIZES: Final = {
    "plain": 256 * MIB,
    "small": 96 * MIB,
    "mirrora": 128 * MIB,
    "mirrorb": 128 * MIB,
    "stripea": 128 * MIB,
    "stripeb": 128 * MIB,
    "scratch": 128 * MIB,
    "dirty": 128 * MIB,
}
COMPRESSIONS: Final = ("zlib", "lzo", "zstd")

SCRIPT: Final = """
modprobe btrfs
mkdir /a /b /c /d /e
mkfs.btrfs -q -L plain plain
mkfs.btrfs -q -M -n 4096 -O ^no-holes small
mkfs.btrfs -q -m raid1 -d raid1 mirrora mirrorb
mkfs.btrfs -q -m raid1 -d raid0 stripea stripeb
btrfs device scan

mount -t btrfs plain /a
echo -n top > /a/top
btrfs subvolume create /a/@
btrfs subvolume create /a/@home
tar -xf archive -C /a/@
for kind in zlib lzo zstd; do
  mkdir /a/@/$kind
  btrfs property set /a/@/$kind compression $kind
  cp --reflink=never /a/@/large/* /a/@/sizes/* /a/@/$kind
  sync
  echo -n changed | dd of=/a/@/$kind/text bs=1 seek=300000 conv=notrunc status=none
  sync
done
truncate -s 1G /a/@/holes
echo -n middle | dd of=/a/@/holes bs=1 seek=5000001 conv=notrunc status=none
fallocate -l 100000 /a/@/reserved
cp --reflink=always /a/@/lzo/text /a/@/clone
truncate -s 200001 /a/@/clone
touch /a/@/$(printf 'latin-\\351')
sync
btrfs subvolume create /a/@/.snapshots
mkdir /a/@/.snapshots/1
btrfs subvolume snapshot /a/@ /a/@/.snapshots/1/snapshot
btrfs subvolume snapshot -r /a/@ /a/read-only
echo -n snapshot > /a/@/.snapshots/1/snapshot/etc/hostname
echo -n home > /a/@home/whose
btrfs subvolume create /a/gone
sync
btrfs subvolume delete /a/gone
btrfs subvolume set-default /a/@/.snapshots/1/snapshot
umount /a

mount -t btrfs small /b
tar -xf archive -C /b
truncate -s 1G /b/holes
echo -n middle | dd of=/b/holes bs=1 seek=5000001 conv=notrunc status=none
umount /b

for pair in "mirrora /c" "stripea /d"; do
  set -- $pair
  mount -t btrfs $1 $2
  tar -xf archive -C $2 etc sizes large
  umount $2
done

# The appliance syncs at its end, so the state between a sync and an fsync is copied aside.
mkfs.btrfs -q scratch
mount -t btrfs scratch /e
echo -n before > /e/file
sync
echo -n behind | dd of=/e/later bs=4096 conv=fsync status=none
dd if=scratch of=dirty bs=1M iflag=direct oflag=direct status=none
"""


def disks() -> Path:
    """Return the folder of the disks named in ``SIZES``."""
    return filled(SCRIPT, archive(), SIZES, "btrfs")

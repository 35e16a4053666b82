# SPDX-License-Identifier: Apache-2.0
"""JFS as mkfs.jfs and the Linux kernel write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.guest.filesystems.appliance import filled
from tests.guest.filesystems.content import archive

from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

SIZES: Final = {"plain": 64 * MIB, "utf": 32 * MIB, "dirty": 32 * MIB}

SCRIPT: Final = """
modprobe jfs
mkdir /a /b /c
mkfs.jfs -q -L plain plain
mkfs.jfs -q utf
mkfs.jfs -q dirty
mount -t jfs plain /a
tar -xf archive -C /a
truncate -s 1G /a/holes
echo -n middle | dd of=/a/holes bs=1 seek=5000001 conv=notrunc status=none
mkdir /a/split
for number in $(seq 300); do
  echo -n "$number " | dd of=/a/split/file bs=1 seek=$((number * 8192)) conv=notrunc status=none
done
mkdir /a/gone
for number in $(seq 400); do echo $number > /a/gone/name-$number-which-is-longer-than-a-slot; done
for number in $(seq 3 2 400); do rm /a/gone/name-$number-which-is-longer-than-a-slot; done
fallocate -l 100000 /a/reserved || truncate -s 100000 /a/reserved
touch /a/$(printf 'latin-\\351')
umount /a
mount -t jfs -o iocharset=utf8 utf /b
mkdir /b/names
echo -n one > /b/names/$(printf 'n\\303\\244me')
echo -n two > /b/names/$(printf '\\345\\220\\215\\345\\211\\215')
for number in $(seq 500); do
  echo -n $number > /b/names/$(printf '\\345\\220\\215')-$number
done
umount /b
mount -t jfs dirty /c
mkdir /c/etc
echo -n text > /c/etc/file
sync
echo jfs > /c/etc/later
sync

"""


def disks() -> Path:
    """Return the folder of the disks named in ``SIZES``."""
    return filled(SCRIPT, archive(), SIZES, "jfs")

# SPDX-License-Identifier: Apache-2.0
"""A guest on LVM as LVM and the kernel wrote it: linear and striped volumes on three disks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.filesystems.appliance import filled

from vmferry.errors import GuestError
from vmferry.guest import inspect
from vmferry.guest.filesystem import Tree
from vmferry.guest.filesystems.ext import FILESYSTEM
from vmferry.guest.layout import read
from vmferry.guest.volumes.lvm import VOLUMES
from vmferry.guest.window import Pages
from vmferry.model.guest import Partition
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT: Final = """
parted -s b mklabel msdos mkpart primary 1MiB 100%
parted -s c mklabel gpt mkpart p 1MiB 62MiB
udevadm settle
b=$(readlink -f b)1
c=$(readlink -f c)1
lvm pvcreate -q $(readlink -f a) $b $c
lvm vgcreate -q my-vg $(readlink -f a) $b $c
lvm lvcreate -q -y -i 3 -I 4k -L 12M -n three my-vg
lvm lvcreate -q -y -i 2 -I 64k -L 32M -n usr my-vg
lvm lvcreate -q -y -L 72M -n root my-vg
mkfs.ext4 -q -F -m 0 /dev/my-vg/root
mkfs.ext4 -q -F -m 0 /dev/my-vg/usr
mkfs.ext4 -q -F -m 0 -O ^has_journal /dev/my-vg/three
mkdir -p /m
mount /dev/my-vg/root /m
mkdir -p /m/etc /m/boot /m/usr /m/data
mount /dev/my-vg/usr /m/usr
mount /dev/my-vg/three /m/data
mkdir -p /m/usr/lib
echo 'ID=rocky' > /m/usr/lib/os-release
echo 'VERSION_ID="9.4"' >> /m/usr/lib/os-release
echo '/dev/mapper/my--vg-root / ext4' > /m/etc/fstab
echo '/dev/my-vg/usr /usr ext4' >> /m/etc/fstab
echo kernel > /m/boot/vmlinuz-5.14.0-427.el9.x86_64
seq 1 1000000 > /m/usr/numbers
seq 1 500000 > /m/data/numbers
seq 1 3000000 > /m/numbers
umount /m/data /m/usr /m
lvm vgchange -q -an my-vg
"""
NUMBERS: Final = {"root": 3_000_000, "usr": 1_000_000, "three": 500_000}


@pytest.fixture(scope="module")
def disks() -> list[Path]:
    """The three disks of the guest."""
    folder = filled(SCRIPT, bytes(512), dict.fromkeys("abc", 64 * MIB), "xfs")
    return [folder / name for name in "abc"]


@pytest.mark.oracle
@pytest.mark.parametrize("order", ["abc", "cab", "bca"])
def test_a_guest_on_three_disks(disks: list[Path], order: str) -> None:
    ordered = [FileDisk(disks["abc".index(name)]) for name in order]
    facts = inspect(ordered)
    assert (facts.distribution, facts.version) == ("rocky", "9.4")
    assert [kernel.release for kernel in facts.kernels] == ["5.14.0-427.el9.x86_64"]
    root = facts.partitions[facts.root]
    assert (root.volume, root.kind, root.filesystem) == ("my-vg/root", "lvm", "ext4")
    assert root.size == 72 * MIB
    assert facts.bytes_read < 3 * MIB, "of 192; a page has 64 KiB"


@pytest.mark.oracle
@pytest.mark.parametrize("name", NUMBERS)
def test_every_byte_is_where_the_kernel_put_it(disks: list[Path], name: str) -> None:
    found = read([Pages(FileDisk(path)) for path in disks])
    assert found.damage == []
    (place,) = [place for place in found.places if place.partition.volume == f"my-vg/{name}"]
    said = Tree(FILESYSTEM.open(place.window)).read_file("/numbers", 30 * MIB)
    assert said == b"".join(b"%d\n" % number for number in range(1, NUMBERS[name] + 1))


@pytest.mark.oracle
def test_a_missing_disk_is_named(disks: list[Path]) -> None:
    with pytest.raises(GuestError) as caught:
        inspect([FileDisk(disks[1])])
    assert caught.value.message.startswith("LVM volume my-vg/")
    assert caught.value.message.endswith(" is on none of the disks")
    assert caught.value.hint == "Add the disk that holds it"
    assert caught.value.aws_text == (
        "ClientError: Unsupported configuration - Logical volume group activation failed"
    )


def test_members_by_their_label() -> None:
    bare = Partition(disk=0, number=0, offset=0, size=1, kind="")
    assert not VOLUMES.owns(bare)
    typed = Partition(disk=0, number=1, offset=0, size=1, kind="0x8e", filesystem="ext4")
    assert not VOLUMES.owns(typed)

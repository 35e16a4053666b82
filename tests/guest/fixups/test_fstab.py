# SPDX-License-Identifier: Apache-2.0
"""fstab as distributions write it, before and after."""

from __future__ import annotations

import pytest
from tests.guest.fixups.mending import mended

from vmferry.guest.fixups.fstab import FIXUP
from vmferry.model.guest import Partition

ROOT = Partition(
    disk=0, number=1, offset=1, size=2, kind="0x83", filesystem="ext4", uuid="aaaa-1111"
)
SWAP = Partition(disk=0, number=5, offset=3, size=2, kind="0x82", filesystem="swap", uuid="bbbb")
ESP = Partition(
    disk=0, number=2, offset=3, size=2, kind="0xef", filesystem="vfat", uuid="12ab-34cd"
)
DATA = Partition(disk=1, number=1, offset=1, size=2, kind="0x83", filesystem="xfs", uuid="cccc")
HOME = Partition(
    disk=0, number=0, offset=9, size=2, kind="lvm2", filesystem="ext4", uuid="d", volume="vg/home"
)
PARTITIONS = (ROOT, SWAP, ESP, DATA, HOME)
DISABLED = "# disabled by vmferry, "


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (  # Debian 6
            "/dev/sda1\t/\text3\terrors=remount-ro\t0\t1",
            "UUID=aaaa-1111\t/\text3\terrors=remount-ro\t0\t1",
            "line 1: /dev/sda1 has another name on another controller",
        ),
        ("/dev/hda1 / ext3 defaults 1 1", "UUID=aaaa-1111 / ext3 defaults 1 1", "/dev/hda1 has"),
        ("/dev/vda5 none swap sw 0 0", "UUID=bbbb none swap sw 0 0", "/dev/vda5 has"),
        ("/dev/sda5 swap swap", "UUID=bbbb swap swap", "/dev/sda5 has"),
        ("/dev/sda2 /boot/efi vfat umask=77", "UUID=12AB-34CD /boot/efi vfat umask=77", "has"),
        ("/dev/sdb1 /srv xfs", "UUID=cccc /srv xfs", "/dev/sdb1 has"),
        (  # SLES 11
            "/dev/disk/by-id/ata-VBOX_HARDDISK_VB1-part1 / ext3 acl 1 1",
            "UUID=aaaa-1111 / ext3 acl 1 1",
            "ata-VBOX_HARDDISK_VB1-part1 has another name",
        ),
        (
            "/dev/disk/by-id/ata-X-part7 /data ext3 acl,user_xattr 1 2",
            "/dev/disk/by-id/ata-X-part7 /data ext3 acl,user_xattr,nofail 1 2",
            "line 1: /dev/disk/by-id/ata-X-part7 is on none of the disks",
        ),
        ("UUID=none /mnt ext4", "UUID=none /mnt ext4 nofail", "UUID=none is on none"),
        (r"LABEL=a\040b /m ext4 ro 0 2", r"LABEL=a\040b /m ext4 ro,nofail 0 2", "is on none"),
        ("/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0", None, ""),
        (
            "/dev/cdrom /media/cdrom iso9660 ro 0 0",
            "/dev/cdrom /media/cdrom iso9660 ro,nofail 0 0",
            "none",
        ),
        ("UUID=aaaa-1111 / ext4 defaults 0 1", None, ""),
        ("/dev/mapper/vg-home /home ext4 defaults 0 2", None, ""),
        ("/dev/vg/home /home ext4 defaults 0 2", None, ""),
        (
            "/dev/vg/gone /gone ext4 defaults 0 2",
            "/dev/vg/gone /gone ext4 defaults,nofail 0 2",
            "none",
        ),
        ("UUID=gone / ext4 defaults 0 1", None, ""),
        ("tmpfs /tmp tmpfs size=1g 0 0", None, ""),
        ("proc /proc proc defaults 0 0", None, ""),
        ("nas:/srv /srv nfs defaults 0 0", None, ""),
        (
            "//nas/share /mnt/share cifs credentials=/root/.smb 0 0",
            DISABLED + "cifs: //nas/share /mnt/share cifs credentials=/root/.smb 0 0",
            "line 1: cifs is not there any more",
        ),
        ("share /mnt vboxsf uid=1000", DISABLED + "vboxsf: share /mnt vboxsf uid=1000", ""),
        (
            "u@h:/x /mnt fuse.sshfs _netdev",
            DISABLED + "fuse.sshfs: u@h:/x /mnt fuse.sshfs _netdev",
            "",
        ),
        (
            ".host:/ /mnt/hgfs fuse.vmhgfs-fuse allow_other",
            DISABLED + "fuse.vmhgfs-fuse: .host:/ /mnt/hgfs fuse.vmhgfs-fuse allow_other",
            "",
        ),
        ("/dev/sda1", DISABLED + "no valid entry: /dev/sda1", "is no valid entry"),
        ("/dev/sda1 relative ext4", DISABLED + "no valid entry: /dev/sda1 relative ext4", ""),
        ("# /dev/sda1 / ext3", None, ""),
    ],
)
def test_a_line(before: str, after: str | None, why: str) -> None:
    text = f"{before}\n"
    files, draft = mended(FIXUP, {"etc/fstab": text}, partitions=PARTITIONS)
    assert files["etc/fstab"] == (text if after is None else f"{after}\n")
    reasons = [reason.why for edit in draft.edits() for reason in edit.reasons]
    assert bool(reasons) == (after is not None and after != before)
    assert not reasons or why in reasons[0]


def test_a_link_of_the_only_disk_has_its_number() -> None:
    text = "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part5 swap swap defaults 0 0"
    files, _ = mended(FIXUP, {"etc/fstab": text}, partitions=(ROOT, SWAP))
    assert files["etc/fstab"] == "UUID=bbbb swap swap defaults 0 0"


def test_only_lines_that_need_it_are_touched() -> None:
    text = "\n# head\n\n/dev/sda1  /  ext4  defaults  0 1\r\nUUID=bbbb none swap sw 0 0"
    files, draft = mended(FIXUP, {"etc/fstab": text}, partitions=PARTITIONS)
    assert files["etc/fstab"] == text.replace("/dev/sda1", "UUID=aaaa-1111")
    (edit,) = draft.edits()
    assert (edit.path, edit.backup, edit.before) == ("/etc/fstab", ".fstab.before-vmferry", text)


def test_no_fstab_is_no_edit() -> None:
    assert mended(FIXUP, {}, partitions=PARTITIONS)[0] == {}

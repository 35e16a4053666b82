# SPDX-License-Identifier: Apache-2.0
"""fstab: only /boot and /usr, by UUID, label or device name."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import mounts
from vmferry.model.guest import Partition

BOOT = Partition(disk=1, number=2, offset=0, size=1, kind="0x83", uuid="aa-bb", label="boot")
ROOT = Partition(disk=0, number=1, offset=0, size=1, kind="0x83")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("UUID=AA-BB /boot ext4 defaults 0 2", {"/boot": BOOT}),
        ('UUID="aa-bb" /usr ext4', {"/usr": BOOT}),
        ("LABEL=boot /boot ext4", {"/boot": BOOT}),
        ("/dev/sdb2 /boot ext4", {"/boot": BOOT}),
        ("/dev/xvdb2 /boot ext4", {"/boot": BOOT}),
        ("/dev/vda1 /boot ext4", {"/boot": ROOT}),
        ("/dev/sdc2 /boot ext4", {}),
        ("/dev/mapper/vg-boot /boot ext4", {}),
        ("LABEL= /boot ext4", {}),
        ("UUID=aa-bb /srv ext4", {}),
        ("#UUID=aa-bb /boot ext4", {}),
        ("/boot", {}),
        ("", {}),
    ],
)
def test_finds_what_is_mounted(line: str, found: dict[str, Partition]) -> None:
    assert mounts.read(tree_of({"etc/fstab": f"# x\n{line}\n"}), [ROOT, BOOT]) == found


def test_no_fstab_mounts_nothing() -> None:
    assert mounts.read(tree_of({}), [ROOT]) == {}

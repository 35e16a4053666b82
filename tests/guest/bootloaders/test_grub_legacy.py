# SPDX-License-Identifier: Apache-2.0
"""menu.lst of Debian and grub.conf of Red Hat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.bootloaders.boots import Files, disk_of, entries_of

from vmferry.guest.bootloaders.grub_legacy import LOADER
from vmferry.model.guest import BootEntry

MENU = """# grub.conf
default=%s
timeout=5
splashimage=(hd0,0)/grub/splash.xpm.gz
title CentOS (2.6.32-754.el6.x86_64)
\troot (hd0,0)
\tkernel /vmlinuz-2.6.32 ro root=/dev/mapper/vg-root rd_NO_LUKS
\tinitrd /initramfs-2.6.32.img
title Xen
\tkernel /xen.gz dom0_mem=1G
\tmodule /vmlinuz-2.6.18 ro
\tmodule /initrd-2.6.18.img
title Other
\tchainloader +1
"""
IMAGES: Files = {"boot/vmlinuz-2.6.32": "x", "boot/initramfs-2.6.32.img": "x"}


def test_entries() -> None:
    files: Files = {"boot/grub/grub.conf": MENU % 0, "boot/grub/menu.lst": "->grub.conf", **IMAGES}
    entries = entries_of(LOADER, files)
    assert entries[0] == BootEntry(
        loader="grub-legacy",
        title="CentOS (2.6.32-754.el6.x86_64)",
        kernel="/boot/vmlinuz-2.6.32",
        initramfs="/boot/initramfs-2.6.32.img",
        options="ro root=/dev/mapper/vg-root rd_NO_LUKS",
        default=True,
        source="/boot/grub/menu.lst",
    )
    found = [(entry.kernel, entry.initramfs, entry.options) for entry in entries[1:]]
    assert found == [("/vmlinuz-2.6.18", "/initrd-2.6.18.img", "ro"), ("", "", "")]


@pytest.mark.parametrize(
    ("default", "number"), [("1", 1), ("saved", 2), ("9", 0), ("x", 0), ("9" * 5000, 0)]
)
def test_defaults(default: str, number: int) -> None:
    files: Files = {"boot/grub/menu.lst": MENU % default, "boot/grub/default": "2\n#\n#\n"}
    assert [entry.default for entry in entries_of(LOADER, files)].index(True) == number


def test_two_menus() -> None:
    files: Files = {"boot/grub/menu.lst": MENU % 0, "boot/grub/grub.conf": MENU % 1}
    entries = entries_of(LOADER, files)
    assert {entry.source for entry in entries} == {"/boot/grub/menu.lst", "/boot/grub/grub.conf"}
    assert sum(entry.default for entry in entries) == 1


def test_too_many() -> None:
    disk = disk_of({"boot/grub/menu.lst": "title x\n" * 200})
    assert list(LOADER.read(disk)) == []
    assert disk.settings.damage == ["/boot/grub/menu.lst: found more entries than 100"]


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    list(LOADER.read(disk_of({"boot/grub/menu.lst": text})))

# SPDX-License-Identifier: Apache-2.0
"""Menus of EXTLINUX."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.bootloaders.boots import Files, default_of, disk_of, entries_of

from vmferry.guest.bootloaders.extlinux import LOADER
from vmferry.model.guest import BootEntry

MENU = """DEFAULT %s
PROMPT 0
MENU TITLE Boot
LABEL first
  MENU LABEL ^Alpine Linux
  LINUX vmlinuz-1
  INITRD micro.img,initramfs-1
  APPEND root=UUID=1 modules=ext4
LABEL second
\tKERNEL /vmlinuz-2
\tAPPEND initrd=/initramfs-2 ro
"""
IMAGES: Files = {"boot/vmlinuz-2": "x", "boot/initramfs-2": "x"}


def test_entries() -> None:
    first, second = entries_of(LOADER, {"boot/extlinux.conf": MENU % "second", **IMAGES})
    assert first == BootEntry(
        loader="extlinux",
        title="Alpine Linux",
        kernel="/boot/vmlinuz-1",
        initramfs="/boot/initramfs-1",
        options="root=UUID=1 modules=ext4",
        source="/boot/extlinux.conf",
    )
    assert (second.kernel, second.initramfs) == ("/boot/vmlinuz-2", "/boot/initramfs-2")
    assert second.default


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (MENU % "second", "second"),
        (MENU % "gone", None),
        ((MENU % "first") + "MENU DEFAULT\n", "second"),
        ((MENU % "").replace("DEFAULT", "#"), "Alpine Linux"),
    ],
)
def test_defaults(text: str, title: str | None) -> None:
    entry = default_of(entries_of(LOADER, {"boot/extlinux/extlinux.conf": text}))
    assert (entry.title if entry else None) == title


def test_too_many() -> None:
    disk = disk_of({"extlinux.conf": "LABEL x\n" * 200})
    assert list(LOADER.read(disk)) == []
    assert disk.settings.damage == ["/extlinux.conf: found more entries than 100"]


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    list(LOADER.read(disk_of({"extlinux.conf": f"LABEL x\n{text}"})))

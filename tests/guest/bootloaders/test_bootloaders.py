# SPDX-License-Identifier: Apache-2.0
"""Paths of menus in the guest's tree."""

from __future__ import annotations

import pytest
from tests.guest.bootloaders.boots import disk_of

from vmferry.guest.bootloaders import LONGEST_OPTIONS, options


@pytest.mark.parametrize(
    ("path", "folder", "found"),
    [
        ("/boot/vmlinuz-6", "", "/boot/vmlinuz-6"),
        ("/vmlinuz-6", "", "/boot/vmlinuz-6"),
        ("(hd0,msdos1)/vmlinuz-6", "", "/boot/vmlinuz-6"),
        ("/@/boot/vmlinuz-6", "", "/boot/vmlinuz-6"),
        ("../vmlinuz-6", "/boot/extlinux", "/boot/extlinux/../vmlinuz-6"),
        ("/gone", "", "/gone"),
        ("/@/boot/gone", "", "/@/boot/gone"),
    ],
)
def test_files(path: str, folder: str, found: str) -> None:
    disk = disk_of({"boot/vmlinuz-6": "x", "boot/extlinux/x": "x"})
    assert disk.file(path, folder) == found


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("boot/vmlinuz-6", "/boot/vmlinuz-6"),
        ("/boot/vmlinuz-6", "/boot/vmlinuz-6"),
        ("gone", "/vmlinuz"),
    ],
)
def test_links(target: str, found: str) -> None:
    assert disk_of({"boot/vmlinuz-6": "x", "vmlinuz": f"->{target}"}).file("/vmlinuz") == found


def test_options() -> None:
    assert options(["ro", "", "quiet"]) == "ro quiet"
    assert len(options(["a" * 10_000])) == LONGEST_OPTIONS

# SPDX-License-Identifier: Apache-2.0
"""Entries and images of the EFI system partition."""

from __future__ import annotations

import pytest
from tests.guest.bootloaders.boots import Files, default_of, disk_of, entries_of
from tests.guest.bootloaders.test_pe import TEXTS, image

from vmferry.guest.bootloaders.systemd_boot import LOADER
from vmferry.model.guest import BootEntry

ESP: Files = {
    "loader/loader.conf": "timeout 3\n",
    "loader/entries/m-6.5.conf": "title Fedora\nversion 6.5\nlinux /m/6.5/linux\n"
    "initrd /micro\ninitrd /m/6.5/initrd\noptions root=a\noptions ro\n",
    "loader/entries/m-6.10.conf": "title Fedora\nversion 6.10\nlinux m/6.10/linux\n",
}


def test_entries() -> None:
    newest, older = entries_of(LOADER, {}, ESP)
    assert (newest.kernel, newest.default) == ("/efi/m/6.10/linux", True)
    assert older == BootEntry(
        loader="systemd-boot",
        title="Fedora",
        kernel="/efi/m/6.5/linux",
        initramfs="/efi/m/6.5/initrd",
        options="root=a ro",
        source="/efi/loader/entries/m-6.5.conf",
    )


def test_entries_of_a_boot_of_its_own() -> None:
    esp: Files = {"loader/loader.conf": "default m-*\n"}
    files: Files = {"boot/loader/entries/m-6.5.conf": "title x\nlinux /m/6.5/linux\n"}
    (entry,) = entries_of(LOADER, files, esp)
    assert (entry.kernel, entry.source) == (
        "/boot/m/6.5/linux",
        "/boot/loader/entries/m-6.5.conf",
    )
    assert entries_of(LOADER, files, {}) == []
    assert entries_of(LOADER, files) == []


@pytest.mark.parametrize(
    ("default", "kernel"),
    [
        ("m-6.5.conf", "/efi/m/6.5/linux"),
        ("m-6.5", "/efi/m/6.5/linux"),
        ("*-6.5*", "/efi/m/6.5/linux"),
        ("arch.efi", "/efi/EFI/Linux/arch.efi"),
        ("gone", "/efi/m/6.10/linux"),
        ("*" * 100 + "x", "/efi/m/6.10/linux"),
    ],
)
def test_defaults(default: str, kernel: str) -> None:
    esp: Files = {
        **ESP,
        "loader/loader.conf": f"default {default}\n",
        "EFI/Linux/arch.efi": image(TEXTS),
    }
    entry = default_of(entries_of(LOADER, {}, esp))
    assert entry is not None
    assert entry.kernel == kernel


def test_unified_kernel_images() -> None:
    disk = disk_of({}, {"EFI/Linux/arch.efi": image(TEXTS), "EFI/Linux/bad.efi": "x"})
    (entry,) = LOADER.read(disk)
    assert entry == BootEntry(
        loader="uki",
        title="X Linux",
        kernel="/efi/EFI/Linux/arch.efi",
        options="root=a ro",
        default=True,
        source="/efi/EFI/Linux/arch.efi",
    )
    assert disk.releases == {"/efi/EFI/Linux/arch.efi": "6.9-arch1"}
    assert disk.esp is not None
    assert disk.esp.settings.damage == ["/efi/EFI/Linux/bad.efi: is not a unified kernel image"]

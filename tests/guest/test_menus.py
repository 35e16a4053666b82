# SPDX-License-Identifier: Apache-2.0
"""Of several loaders one says what boots."""

from __future__ import annotations

from tests.guest.trees import tree_of

from vmferry.guest import menus

GRUB = "menuentry 'new' { linux /boot/vmlinuz-2 }\nmenuentry 'old' { linux /boot/vmlinuz-1 }\n"


def test_ranks() -> None:
    assert [loader.name for loader in menus.LOADERS] == [
        *("grub2", "systemd_boot", "grub_legacy", "extlinux")
    ]


def test_the_default_comes_first() -> None:
    tree = tree_of(
        {
            "boot/grub/grub.cfg": "set default=1\n" + GRUB,
            "boot/grub/menu.lst": "title old\nkernel /boot/vmlinuz-0\n",
        }
    )
    found = menus.read(tree, None, "/efi")
    assert [(entry.title, entry.loader, entry.default) for entry in found.entries] == [
        ("old", "grub2", True),
        ("new", "grub2", False),
        ("old", "grub-legacy", False),
    ]
    assert (found.releases, found.damage) == ({}, [])


def test_damage_of_both() -> None:
    tree = tree_of({"boot/grub2/grubenv": "x", "boot/grub2/grub.cfg": GRUB})
    esp = tree_of({"EFI/Linux/a.efi": "x"})
    assert menus.read(tree, esp, "/efi").damage == [
        "/boot/grub2/grubenv: is not an environment block of GRUB",
        "/efi/EFI/Linux/a.efi: is not a unified kernel image",
    ]

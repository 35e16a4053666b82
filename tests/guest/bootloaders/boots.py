# SPDX-License-Identifier: Apache-2.0
"""Guests with boot menus, for the tests of every loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.guest.trees import tree_of

from vmferry.guest.bootloaders import Disk, Esp, Loader
from vmferry.guest.settings import Settings

if TYPE_CHECKING:
    from vmferry.model.guest import BootEntry

Files = dict[str, str | bytes]


def disk_of(files: Files, esp: Files | None = None, esp_path: str = "/efi") -> Disk:
    """Return what loaders look at."""
    settings = Settings(tree_of(files))
    if esp is None:
        return Disk(settings)
    tree = tree_of(esp)
    return Disk(settings, Esp(tree, Settings(tree), esp_path))


def entries_of(loader: Loader, files: Files, esp: Files | None = None) -> list[BootEntry]:
    """Return the entries of a guest that has nothing to complain about."""
    disk = disk_of(files, esp)
    found = list(loader.read(disk))
    assert disk.settings.damage == []
    return found


def default_of(entries: list[BootEntry]) -> BootEntry | None:
    """Return the default; there is at most one."""
    found = [entry for entry in entries if entry.default]
    assert len(found) < 2
    return found[0] if found else None

# SPDX-License-Identifier: Apache-2.0
"""Boot loaders. A module here exports ``LOADER``: one program's menu and what it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vmferry.guest.filesystem import Tree
    from vmferry.guest.settings import Settings
    from vmferry.model.guest import BootEntry

MOST_ENTRIES: Final = 100
LONGEST_MENU: Final = 512 * KIB
"""A grub.cfg has 10 KiB, with twenty kernels 60."""

LONGEST_OPTIONS: Final = 4 * KIB
"""COMMAND_LINE_SIZE of Linux is 2048 on x86."""

LONGEST_TITLE: Final = 256
DEVICE: Final = re.compile(r"^\([^()]{0,64}\)")


@dataclass(frozen=True, slots=True)
class Esp:
    """The EFI system partition.

    Attributes:
        tree: Its files.
        settings: The same as texts.
        path: Where the guest mounts it; ``/boot/efi`` where its fstab does not say.
    """

    tree: Tree
    settings: Settings
    path: str

    def head(self, path: str, length: int) -> bytes:
        """Return a file's first bytes; none of what is damaged, which is told."""
        try:
            return self.tree.read_head(path, length)
        except GuestError as error:
            self.settings.complain(error.message)
            return b""


@dataclass(frozen=True, slots=True)
class Disk:
    """Where menus are looked for.

    Attributes:
        settings: The files of the guest's tree.
        esp: Its EFI system partition, if it has one.
        releases: What loaders know of kernels by their paths, where these may not tell it.
    """

    settings: Settings
    esp: Esp | None = None
    releases: dict[str, str] = field(default_factory=dict)

    def file(self, path: str, folder: str = "") -> str:
        """Return where the guest has what a loader calls ``path``; as it is if nowhere.

        A loader counts from the root of the file system that it reads: of a partition for /boot,
        of all the guest, or of Btrfs's top, where the guest's root is a folder such as ``@``.
        A link, as Debian's ``/vmlinuz``, is followed: what it leads to tells the kernel's release.

        Args:
            path: As the menu has it.
            folder: What a relative path begins at.
        """
        path = DEVICE.sub("", path)
        if not path.startswith("/"):
            path = f"{folder}/{path}"
        places = [path, f"/boot{path}", path[path.find("/boot/") :] if "/boot/" in path else path]
        found = next((place for place in places if self.settings.exists(place)), "")
        return self.settings.target(found) if found else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """One boot loader.

    Attributes:
        name: The module's name.
        rank: Of several that have a menu, the one of the lowest starts the machine.
        read: Takes the disk; yields the entries of its menu in the menu's order, at most one of
            them the default.
    """

    name: str
    rank: int
    read: Callable[[Disk], Iterable[BootEntry]]


def options(words: Iterable[str]) -> str:
    """Return a kernel's command line of words."""
    return " ".join(word for word in words if word)[:LONGEST_OPTIONS]

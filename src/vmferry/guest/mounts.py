# SPDX-License-Identifier: Apache-2.0
"""Which partition the guest mounts where, as its fstab says.

Kernels often live on a partition of their own, and the users with their keys on another.

Source: fstab(5); btrfs(5), "MOUNT OPTIONS".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.guest import fstab
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.guest.filesystem import Subvolume, Tree
    from vmferry.model.guest import Partition

LONGEST: Final = MIB
"""Of an fstab; the first lines of a longer one count."""

TOP: Final = 5
"""The number of the top of a Btrfs."""

NUMBER: Final = re.compile("[0-9]{1,19}|0x[0-9a-fA-F]{1,16}")

NEVER: Final = ("/", "/etc")
"""The root is there already, and fstab was read before anything hides it."""

ALWAYS: Final = ("/boot", "/usr")
"""Where kernels and drivers are: they are looked for there even if nothing mounts it at start."""

ANY: Final = {"/boot": ("vfat", "ntfs")}
"""Which file systems that are not of Linux are looked into: systemd-boot keeps kernels in one, and
whatever a hostile fstab names there has to be read without harm."""

MOST: Final = 100


class Choice(NamedTuple):
    """Which subvolume of Btrfs the options name; false if none, so that its default counts.

    Attributes:
        path: What ``subvol=`` says, without slashes around it; ``""`` if it says nothing.
        number: What ``subvolid=`` says, or 5 for ``subvol=/``, the top; 0 if nothing.
    """

    path: str = ""
    number: int = 0

    @property
    def option(self) -> str:
        """What mount(8) is told of it, ``""`` if nothing is named."""
        if self.path:
            return f"subvol={self.path}"
        return f"subvolid={self.number}" if self.number else ""

    def __bool__(self) -> bool:
        """Tell whether anything is named."""
        return bool(self.path or self.number)

    def is_of(self, subvolume: Subvolume) -> bool:
        """Tell whether it is ``subvolume``. Linux wants both to be right; a path says more."""
        if self.path:
            return subvolume.path == self.path
        return subvolume.number == self.number


class Mount(NamedTuple):
    """What is mounted somewhere: a partition or volume, of Btrfs a subvolume of it."""

    partition: Partition
    choice: Choice = Choice()


def read(tree: Tree, partitions: Sequence[Partition]) -> dict[str, Mount]:
    """Return the mount points of ``tree`` whose partitions are here, ``MOST`` at most."""
    devices = fstab.Devices(partitions)
    found: dict[str, Mount] = {}
    for line in _lines(tree):
        if _is_wanted(line) and (line.path in found or len(found) < MOST):
            index = devices.find(line.spec)
            if index is not None:
                found[line.path] = Mount(partitions[index], _choice(line))
    return found


def root_choice(tree: Tree) -> Choice:
    """Return which subvolume ``tree`` itself is, as its fstab says."""
    return next((_choice(line) for line in _lines(tree) if line.path == "/"), Choice())


def _is_wanted(line: fstab.Line) -> bool:
    if line.path in ALWAYS:
        return True
    return (
        line.path.startswith("/")
        and line.path not in NEVER
        and line.kind not in fstab.NO_DEVICE
        and "noauto" not in line.options.split(",")
    )


def _lines(tree: Tree) -> Iterator[fstab.Line]:
    return fstab.parse(tree.read_head(fstab.FSTAB, LONGEST).decode("utf-8", "replace"))


def _choice(line: fstab.Line) -> Choice:
    path, number = "", 0
    for option in line.options.split(","):
        name, _, value = option.partition("=")
        if name == "subvol":
            path = value.strip("/")
            number = number if path else TOP
        elif name == "subvolid" and NUMBER.fullmatch(value):
            # 0 is another name of the top.
            number = int(value, 16 if value[:2] == "0x" else 10) or TOP
    return Choice(path, number)

# SPDX-License-Identifier: Apache-2.0
"""Which partition the guest mounts where, as its fstab says: kernels often live on their own one.

Source: fstab(5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.guest import fstab
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.guest.filesystem import Tree
    from vmferry.model.guest import Partition

LONGEST: Final = MIB
"""Of an fstab; the first lines of a longer one count."""

WANTED: Final = ("/boot", "/usr")
"""Where os-release, kernels and drivers can be; nothing else of the guest is looked at."""


class Mount(NamedTuple):
    """What is mounted somewhere: a partition or volume, of Btrfs a subvolume of it by its path."""

    partition: Partition
    subvolume: str


def read(tree: Tree, partitions: Sequence[Partition]) -> dict[str, Mount]:
    """Return the wanted mount points of ``tree`` whose partitions are here."""
    devices = fstab.Devices(partitions)
    found = {}
    for line in _lines(tree):
        if line.path in WANTED:
            index = devices.find(line.spec)
            if index is not None:
                found[line.path] = Mount(partitions[index], _subvolume(line))
    return found


def root_subvolume(tree: Tree) -> str:
    """Return the path of the subvolume that ``tree`` itself is, as its fstab says; else ``""``."""
    return next((_subvolume(line) for line in _lines(tree) if line.path == "/"), "")


def _lines(tree: Tree) -> Iterator[fstab.Line]:
    return fstab.parse(tree.read_head(fstab.FSTAB, LONGEST).decode("utf-8", "replace"))


def _subvolume(line: fstab.Line) -> str:
    options = line.options.split(",")
    subvolumes = (option[7:].strip("/") for option in options if option[:7] == "subvol=")
    return next(subvolumes, "")

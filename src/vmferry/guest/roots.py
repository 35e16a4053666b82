# SPDX-License-Identifier: Apache-2.0
"""Which file system is the guest's root, and its files with everything that its fstab mounts.

Each file system is hostile until it is needed: what is mounted below the root is opened when a path
leads there, so a damaged /home refuses no machine.

Source: fstab(5); https://btrfs.readthedocs.io/en/latest/Subvolumes.html.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import GuestError
from vmferry.guest import filesystems, mounts, systems
from vmferry.guest.filesystem import FileSystem, NodeKind, Tree
from vmferry.guest.layout import where
from vmferry.plugins import find as find_plugins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.filesystem import Node
    from vmferry.guest.layout import Layout, Place
    from vmferry.guest.mounts import Mount

UNKNOWN_OS: Final = "ClientError: Unknown OS / Missing OS files."
TWO_SYSTEMS: Final = "ClientError: Unsupported configuration - Multiple directories found"

ENCRYPTED: Final = ("crypto_LUKS", "BitLocker")
NOT_ROOT: Final = (
    *("", "swap", "swsuspend", "vfat", "jbd", "iso9660", "squashfs", "exfat"),
    *("LVM2_member", "linux_raid_member"),
)
"""What no machine has as its root file system, so it is not worth a word in a refusal."""

READERS: Final = {
    kind: reader
    for reader in find_plugins(filesystems, "FILESYSTEM", FileSystem).values()
    for kind in reader.kinds
}
ROOTS: Final = tuple(kind for kind in READERS if kind not in (*NOT_ROOT, "ntfs"))
"""What can be the root of Linux."""

MOST_SUBVOLUMES: Final = 256
"""Snapshots are subvolumes too; what is looked for was there before them."""

MOST_NAMED: Final = 4
"""Of several systems in a refusal."""


class Root(NamedTuple):
    """The guest's root.

    Attributes:
        place: Its index among the places.
        tree: The guest's files.
        subvolume: The path of the Btrfs subvolume that it is, ``""`` elsewhere.
    """

    place: int
    tree: Tree
    subvolume: str = ""


def find(found: Layout) -> Root:
    """Return the root among the places.

    Raises:
        GuestError: There is none, or there are two.
    """
    files = _Files(found.places)
    systems: list[Root] = []
    damage: list[GuestError] = []
    for index, place in enumerate(found.places):
        if any(_is_same(place, found.places[system.place]) for system in systems):
            continue
        try:
            system = files.system(index)
            if system is not None:
                systems.append(system)
        except GuestError as error:
            damage.append(error)
    if len(systems) > 1:
        names = [where(found.places[system.place].partition) for system in systems]
        if len(names) > MOST_NAMED:
            names[MOST_NAMED:] = [f"{len(names) - MOST_NAMED} more"]
        raise GuestError(
            f"{' and '.join(names)}: each holds a system, expected one",
            hint="Keep one system; import other disks as snapshots",
            aws_text=TWO_SYSTEMS,
        )
    if not systems:
        causes = damage + found.damage
        raise causes[0] if causes else _unknown(found.places)
    return systems[0]


def _is_same(place: Place, other: Place) -> bool:
    """Tell whether both are devices of one Btrfs; any of them shows all of its files."""
    here, there = place.partition, other.partition
    return here.filesystem == "btrfs" == there.filesystem and here.uuid == there.uuid != ""


class _Files:
    """The file systems of the places, opened when they are needed."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._partitions = [place.partition for place in places]

    def system(self, index: int) -> Root | None:
        """Return the system at a place, ``None`` if there is none.

        Of several subvolumes the one that is mounted by default counts; else the one that is the
        root by its own fstab, for a snapshot of it says where the original is.

        Raises:
            GuestError: The place, or one that its fstab mounts, is damaged.
        """
        place = self._places[index]
        if place.partition.filesystem not in ROOTS:
            return None
        reader = READERS[place.partition.filesystem]
        tree = self._tree(reader.open(place.window))
        if systems.is_root(tree):
            default = (each for each in reader.subvolumes(place.window) if each.default)
            return Root(index, tree, next((each.path for each in default), ""))
        others = [
            (subvolume, tree)
            for subvolume in islice(reader.subvolumes(place.window), MOST_SUBVOLUMES)
            if not subvolume.read_only and systems.is_root(tree := self._tree(subvolume.root))
        ]
        own = [each for each in others if mounts.root_choice(each[1]).is_of(each[0])]
        if not own and len(others) != 1:
            return None
        subvolume, tree = (own or others)[0]
        return Root(index, tree, subvolume.path)

    def _tree(self, root: Node) -> Tree:
        """Return the files below ``root`` with what its fstab mounts there."""
        wanted = mounts.read(Tree(root), self._partitions)
        return Tree(
            root,
            {
                path: _Mounted(self, mount)
                for path, mount in wanted.items()
                if mount.partition.filesystem in (*ROOTS, *mounts.ANY.get(path, ()))
            },
        )

    def open(self, mount: Mount) -> Node:
        """Return the root directory of what is mounted. Raises ``GuestError``: it is damaged."""
        reader = READERS[mount.partition.filesystem]
        window = self._places[self._partitions.index(mount.partition)].window
        if mount.choice:
            for subvolume in islice(reader.subvolumes(window), MOST_SUBVOLUMES):
                if mount.choice.is_of(subvolume):
                    return subvolume.root
        return reader.open(window)


class _Mounted:
    """The root directory of a mounted file system, which is opened when something in it is asked.

    Attributes:
        kind: A directory, whatever is there.
        size: Of no meaning.
    """

    kind = NodeKind.DIRECTORY
    size = 0

    def __init__(self, files: _Files, mount: Mount) -> None:
        self._files = files
        self._mount = mount
        self._node: Node | None = None
        self._damage: GuestError | None = None

    def child(self, name: str) -> Node | None:
        """Return an entry, or ``None``."""
        return self._opened().child(name)

    def names(self, most: int) -> list[str]:
        """Return the names of all entries."""
        return self._opened().names(most)

    def read(self, length: int) -> bytes:
        """Return nothing: a directory is no file."""
        return b""[:length]

    def target(self) -> str:
        """Return nothing: a directory is no link."""
        return ""

    def _opened(self) -> Node:
        # A thousand paths may lead here: what is damaged is tried once.
        if self._damage is not None:
            raise self._damage
        if self._node is None:
            try:
                self._node = self._files.open(self._mount)
            except GuestError as error:
                self._damage = error
                raise
        return self._node


def _unknown(places: Sequence[Place]) -> GuestError:
    """Return why no root was found: encrypted, of a kind we cannot read, or not there."""
    partitions = [place.partition for place in places]
    for partition in partitions:
        if partition.filesystem in ENCRYPTED:
            return GuestError(
                f"{where(partition)}: found {partition.filesystem}, an encrypted volume",
                hint="Decrypt it in the machine and export it again",
                aws_text=UNKNOWN_OS,
            )
    for partition in partitions:
        if partition.filesystem not in (*NOT_ROOT, *ROOTS):
            return GuestError(
                f"{where(partition)}: found {partition.filesystem},"
                f" expected a root file system of {', '.join(ROOTS)}",
                hint="Move a Linux root to ext4, or import the disk by import-snapshot",
                aws_text=UNKNOWN_OS,
            )
    held = ", ".join(
        f"{where(partition)} ({partition.filesystem or 'unknown content'})"
        for partition in partitions
    )
    return GuestError(
        f"no os-release file in {held}",
        hint="Import a disk without an operating system as a snapshot (import-snapshot)",
        aws_text=UNKNOWN_OS,
    )

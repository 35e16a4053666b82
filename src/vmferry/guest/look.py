# SPDX-License-Identifier: Apache-2.0
"""The look at a guest, from its disks' bytes to ``GuestFacts``; runs in the child process only.

disks ─▶ partitions ─▶ what each holds ─▶ the root among them ─▶ os-release, kernels, drivers
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest import (
    boot,
    drivers,
    filesystems,
    fingerprints,
    fstab,
    interfaces,
    kernels,
    layout,
    menus,
    mounts,
    os_release,
    services,
)
from vmferry.guest.filesystem import FileSystem, Tree
from vmferry.guest.fingerprints import Fingerprint
from vmferry.guest.layout import Layout, Place, where
from vmferry.guest.settings import Settings
from vmferry.guest.window import Pages, Window
from vmferry.model.guest import GuestFacts, Platform
from vmferry.plugins import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.filesystem import Node
    from vmferry.guest.fingerprints import Identity
    from vmferry.guest.mounts import Mount
    from vmferry.guest.window import Readable
    from vmferry.model.guest import FstabEntry, Partition

UNKNOWN_OS: Final = "ClientError: Unknown OS / Missing OS files."
NO_KERNEL: Final = "ClientError: Unable to determine kernel version."
TWO_SYSTEMS: Final = "ClientError: Unsupported configuration - Multiple directories found"

ENCRYPTED: Final = ("crypto_LUKS", "BitLocker")
NOT_ROOT: Final = (
    *("", "swap", "vfat", "jbd", "iso9660", "squashfs", "exfat"),
    *("LVM2_member", "linux_raid_member"),
)
"""What no machine has as its root file system, so it is not worth a word in a refusal."""

FAMILIES: Final = sorted(
    find(fingerprints, "FINGERPRINT", Fingerprint).values(), key=lambda family: family.rank
)
READERS: Final = {
    kind: reader
    for reader in find(filesystems, "FILESYSTEM", FileSystem).values()
    for kind in reader.kinds
}
ESP_PATH: Final = "/boot/efi"
MOST_SUBVOLUMES: Final = 256
"""Snapshots are subvolumes too; what is looked for was there before them."""

ROOTS: Final = tuple(kind for kind in READERS if kind not in (*NOT_ROOT, "ntfs"))
"""What can be the root of Linux."""


def look(disks: Sequence[Readable]) -> GuestFacts:
    """Return what is on ``disks``, the boot disk first.

    Raises:
        GuestError: No machine that can be imported is on them; ``aws_text`` is AWS's text.
    """
    pages = [Pages(disk) for disk in disks]
    found = layout.read(pages)
    partitions = tuple(place.partition for place in found.places)
    root, tree = _root(found)
    identity = _identity(tree)
    settings = Settings(tree)
    mounted = fstab.read(settings, partitions)
    esp = _esp(found, settings)
    firmware = None if esp is None else Settings(esp)
    offered = menus.read(tree, esp, _esp_path(partitions, mounted))
    installed = kernels.find(tree, offered.entries, offered.releases)
    if not installed:
        raise _no_kernel(partitions[root], identity.pretty_name)
    installed = drivers.add(tree, installed, settings)
    modes = boot.modes(Window(pages[0], 0, pages[0].size, "disk 0"), partitions, firmware)
    available = (*installed[0].built_in, *installed[0].modules)
    return GuestFacts(
        platform=Platform.LINUX,
        distribution=identity.distribution,
        version=identity.version,
        pretty_name=identity.pretty_name,
        architecture=kernels.architecture(tree, installed),
        kernels=installed,
        partition_table=found.tables[0],
        partitions=partitions,
        root=root,
        boot_modes=modes,
        ena="ena" in available,
        nvme="nvme" in available,
        bits=kernels.bits(tree),
        boot_entries=offered.entries,
        fstab=mounted,
        interfaces=interfaces.read(settings),
        services=services.read(settings),
        free=_free(found.places[root], settings),
        damage=_once(settings.damage, offered.damage, firmware.damage if firmware else []),
        bytes_read=sum(disk.bytes_read for disk in pages),
    )


def _once(*sentences: list[str]) -> tuple[str, ...]:
    """Return every sentence once: two that read the same file say the same of it."""
    return tuple(dict.fromkeys(chain(*sentences)))


def _identity(tree: Tree) -> Identity:
    release = os_release.read(tree, os_release.find(tree))
    answers = (family.identify(tree, release) for family in FAMILIES)
    return next(identity for identity in answers if identity is not None)


def _esp(found: Layout, settings: Settings) -> Tree | None:
    """Return the files of the EFI system partition, ``None`` if there is none or it is damaged."""
    index = boot.esp_of([place.partition for place in found.places])
    if index is None:
        return None
    place = found.places[index]
    reader = READERS.get(place.partition.filesystem)
    if reader is None or place.partition.filesystem in ROOTS:
        settings.complain(f"{place.window.name}: no FAT file system in an EFI system partition")
        return None
    try:
        tree = Tree(reader.open(place.window))
        tree.names("/", kernels.MOST_NAMES)
    except GuestError as error:
        settings.complain(error.message)
        return None
    return tree


def _esp_path(partitions: Sequence[Partition], mounted: Sequence[FstabEntry]) -> str:
    """Return where the guest mounts its EFI system partition."""
    index = boot.esp_of(partitions)
    paths = (entry.path for entry in mounted if index is not None and entry.partition == index)
    return next(paths, ESP_PATH)


def _free(place: Place, settings: Settings) -> int | None:
    """Return what is free on the root, ``None`` if its file system cannot say or says nonsense."""
    try:
        free = READERS[place.partition.filesystem].free(place.window)
    except GuestError as error:
        settings.complain(error.message)
        return None
    if free is not None and free > place.partition.size:
        settings.complain(
            f"{place.window.name}: found {free} free bytes, expected at most its"
            f" {place.partition.size}"
        )
        return None
    return free


class _Files:
    """The file systems of the places, opened when they are needed: each is hostile until then."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._partitions = [place.partition for place in places]

    def system(self, index: int) -> Tree | None:
        """Return the files of the system at a place, ``None`` if there is none.

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
        if os_release.find(tree):
            return tree
        others = [
            (subvolume.path, tree)
            for subvolume in islice(reader.subvolumes(place.window), MOST_SUBVOLUMES)
            if not subvolume.read_only and os_release.find(tree := self._tree(subvolume.root))
        ]
        own = [tree for path, tree in others if mounts.root_subvolume(tree) == path]
        return own[0] if own else others[0][1] if len(others) == 1 else None

    def _tree(self, root: Node) -> Tree:
        """Return the files below ``root`` with /boot and /usr where its fstab has them."""
        wanted = mounts.read(Tree(root), self._partitions)
        found = {path: self._mounted(mount) for path, mount in wanted.items()}
        return Tree(root, {path: node for path, node in found.items() if node is not None})

    def _mounted(self, mount: Mount) -> Node | None:
        reader = READERS.get(mount.partition.filesystem)
        if reader is None:
            return None
        window = self._places[self._partitions.index(mount.partition)].window
        if mount.subvolume:
            for subvolume in islice(reader.subvolumes(window), MOST_SUBVOLUMES):
                if subvolume.path == mount.subvolume:
                    return subvolume.root
        return reader.open(window)


def _root(found: Layout) -> tuple[int, Tree]:
    """Return the index of the root file system and the guest's files."""
    files = _Files(found.places)
    roots: list[tuple[int, Tree]] = []
    damage: list[GuestError] = []
    for index in range(len(found.places)):
        try:
            tree = files.system(index)
            if tree is not None:
                roots.append((index, tree))
        except GuestError as error:
            damage.append(error)
    if len(roots) > 1:
        names = " and ".join(where(found.places[index].partition) for index, _ in roots)
        raise GuestError(
            f"{names}: each holds a system with an os-release file, expected one",
            hint="Keep one system; import other disks as snapshots",
            aws_text=TWO_SYSTEMS,
        )
    if not roots:
        causes = damage + found.damage
        raise causes[0] if causes else _unknown(found.places)
    return roots[0]


def _no_kernel(root: Partition, name: str) -> GuestError:
    return GuestError(
        f"{where(root)}: {name} has no kernel in /boot",
        hint="Install a kernel, or add the disk that holds /boot",
        aws_text=NO_KERNEL,
    )


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

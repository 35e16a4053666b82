# SPDX-License-Identifier: Apache-2.0
"""The look at a guest, from its disks' bytes to ``GuestFacts``; runs in the child process only.

disks ─▶ partitions ─▶ what each holds ─▶ the root among them ─▶ os-release, kernels, drivers
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest import (
    boot,
    filesystems,
    fingerprints,
    kernels,
    mounts,
    os_release,
    signatures,
    volumes,
)
from vmferry.guest.filesystem import FileSystem, Tree
from vmferry.guest.fingerprints import Fingerprint
from vmferry.guest.volumes import Volumes
from vmferry.guest.window import Pages, Window
from vmferry.model.guest import GuestFacts, Partition, Platform
from vmferry.plugins import find
from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.filesystem import Node
    from vmferry.guest.window import Readable

NO_PARTITIONS: Final = "ClientError: No valid partitions. Not a valid volume."
UNKNOWN_OS: Final = "ClientError: Unknown OS / Missing OS files."
NO_KERNEL: Final = "ClientError: Unable to determine kernel version."
TWO_SYSTEMS: Final = "ClientError: Unsupported configuration - Multiple directories found"

ENCRYPTED: Final = ("crypto_LUKS", "BitLocker")
NOT_ROOT: Final = ("", "swap", "vfat", "jbd", "iso9660", "squashfs", "exfat")
"""What no machine has as its root file system, so it is not worth a word in a refusal."""

TABLES: Final = sorted(find(volumes, "VOLUMES", Volumes).values(), key=lambda table: table.rank)
FAMILIES: Final = sorted(
    find(fingerprints, "FINGERPRINT", Fingerprint).values(), key=lambda family: family.rank
)
READERS: Final = {
    kind: reader
    for reader in find(filesystems, "FILESYSTEM", FileSystem).values()
    for kind in reader.kinds
}


def look(disks: Sequence[Readable]) -> GuestFacts:
    """Return what is on ``disks``, the boot disk first.

    Raises:
        GuestError: No machine that can be imported is on them; ``aws_text`` is AWS's text.
    """
    pages = [Pages(disk) for disk in disks]
    tables, partitions = _partitions(pages)
    root, tree = _root(pages, partitions)
    release = os_release.read(tree, os_release.find(tree))
    identity = next(
        found for family in FAMILIES if (found := family.identify(tree, release)) is not None
    )
    installed = kernels.find(tree)
    if not installed:
        raise GuestError(
            f"{_where(partitions[root])}: {identity.pretty_name} has no kernel in /boot",
            hint="Install a kernel, or add the disk that holds /boot",
            aws_text=NO_KERNEL,
        )
    newest = installed[0].release
    return GuestFacts(
        platform=Platform.LINUX,
        distribution=identity.distribution,
        version=identity.version,
        pretty_name=identity.pretty_name,
        architecture=kernels.architecture(tree, installed),
        kernels=installed,
        partition_table=tables[0],
        partitions=partitions,
        root=root,
        boot_modes=boot.modes(Window(pages[0], 0, pages[0].size, "disk 0"), partitions),
        ena=kernels.has_driver(tree, newest, "ena"),
        nvme=kernels.has_driver(tree, newest, "nvme"),
        bytes_read=sum(disk.bytes_read for disk in pages),
    )


def _partitions(pages: Sequence[Pages]) -> tuple[list[str], tuple[Partition, ...]]:
    """Return each disk's table and all partitions, with what they hold."""
    tables, found = [], []
    for index, disk in enumerate(pages):
        table, here = _table(Window(disk, 0, disk.size, f"disk {index}"), index)
        tables.append(table)
        found += [_identified(disk, partition) for partition in here]
    if not found:
        raise GuestError(
            f"disk 0: found neither a partition table nor a file system in {human(pages[0].size)}",
            hint="Export the whole disk, not an empty or encrypted one",
            aws_text=NO_PARTITIONS,
        )
    return tables, tuple(found)


def _table(disk: Window, index: int) -> tuple[str, tuple[Partition, ...]]:
    for table in TABLES:
        try:
            partitions = table.read(disk, index)
        except (OSError, MemoryError, OverflowError, ValueError) as error:
            raise GuestError(
                f"{disk.name}: the {table.name} partition table is damaged",
                hint="Repair it with sfdisk or gdisk in the machine and export it again",
                aws_text=NO_PARTITIONS,
            ) from error
        if partitions is not None:
            return table.name, partitions
    bare = Partition(disk=index, number=0, offset=0, size=disk.size, kind="")
    return "none", (bare,) if signatures.identify(disk).kind else ()


def _identified(disk: Pages, partition: Partition) -> Partition:
    content = signatures.identify(_window(disk, partition))
    return replace(partition, filesystem=content.kind, uuid=content.uuid, label=content.label)


def _window(disk: Pages, partition: Partition) -> Window:
    return Window(disk, partition.offset, partition.size, _where(partition))


def _where(partition: Partition) -> str:
    disk = f"disk {partition.disk}"
    return f"{disk}, partition {partition.number}" if partition.number else disk


def _root(pages: Sequence[Pages], partitions: tuple[Partition, ...]) -> tuple[int, Tree]:
    """Return the index of the root file system and the guest's files."""
    nodes, damage = _open(pages, partitions)
    found = []
    for index, node in nodes.items():
        try:
            tree = _mounted(node, nodes, partitions)
            if os_release.find(tree):
                found.append((index, tree))
        except GuestError as error:
            damage.append(error)
    if len(found) > 1:
        where = " and ".join(_where(partitions[index]) for index, _ in found)
        raise GuestError(
            f"{where}: each holds a system with an os-release file, expected one",
            hint="Keep one system; import other disks as snapshots",
            aws_text=TWO_SYSTEMS,
        )
    if not found:
        raise damage[0] if damage else _unknown(partitions)
    return found[0]


def _open(
    pages: Sequence[Pages], partitions: tuple[Partition, ...]
) -> tuple[dict[int, Node], list[GuestError]]:
    """Return the root directories that can be read, by index, and why others could not."""
    nodes, damage = {}, []
    for index, partition in enumerate(partitions):
        reader = READERS.get(partition.filesystem)
        if reader is not None:
            try:
                nodes[index] = reader.open(_window(pages[partition.disk], partition))
            except GuestError as error:
                damage.append(error)
    return nodes, damage


def _mounted(node: Node, nodes: dict[int, Node], partitions: tuple[Partition, ...]) -> Tree:
    """Return the files below ``node`` with /boot and /usr where its fstab has them."""
    bare = Tree(node)
    return Tree(
        node,
        {
            path: nodes[index]
            for path, partition in mounts.read(bare, partitions).items()
            if (index := partitions.index(partition)) in nodes
        },
    )


def _unknown(partitions: tuple[Partition, ...]) -> GuestError:
    """Return why no root was found: encrypted, of a kind we cannot read, or not there."""
    for partition in partitions:
        if partition.filesystem in ENCRYPTED:
            return GuestError(
                f"{_where(partition)}: found {partition.filesystem}, an encrypted volume",
                hint="Decrypt it in the machine and export it again",
                aws_text=UNKNOWN_OS,
            )
    for partition in partitions:
        if partition.filesystem not in (*NOT_ROOT, *READERS):
            return GuestError(
                f"{_where(partition)}: found {partition.filesystem},"
                f" expected a root file system of {', '.join(READERS)}",
                hint="Move a Linux root to ext4, or import the disk by import-snapshot",
                aws_text=UNKNOWN_OS,
            )
    held = ", ".join(
        f"{_where(partition)} ({partition.filesystem or 'unknown content'})"
        for partition in partitions
    )
    return GuestError(
        f"no os-release file in {held}",
        hint="Import a disk without an operating system as a snapshot (import-snapshot)",
        aws_text=UNKNOWN_OS,
    )

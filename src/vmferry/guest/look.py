# SPDX-License-Identifier: Apache-2.0
"""The look at a guest, from its disks' bytes to ``GuestFacts``; runs in the child process only.

disks ─▶ partitions ─▶ what each holds ─▶ the root among them ─▶ its system, kernels, drivers
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import GuestError
from vmferry.guest import (
    boot,
    condition,
    drivers,
    fstab,
    hostname,
    interfaces,
    kernels,
    layout,
    menus,
    mounts,
    roots,
    services,
    systems,
)
from vmferry.guest.filesystem import Tree
from vmferry.guest.layout import where
from vmferry.guest.roots import READERS, ROOTS
from vmferry.guest.settings import Settings
from vmferry.guest.window import Pages, Shelf
from vmferry.model.fixup import GuestMount
from vmferry.model.guest import GuestFacts, Platform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.layout import Layout
    from vmferry.guest.roots import Root
    from vmferry.guest.window import Readable
    from vmferry.model.guest import FstabEntry, Kernel, Partition

NO_KERNEL: Final = "ClientError: Unable to determine kernel version."

ESP_PATH: Final = "/boot/efi"


class Sight(NamedTuple):
    """What was seen of a guest.

    Attributes:
        facts: About it.
        tree: Its files, the EFI system partition where it mounts it.
        mounts: What the tree is made of, the root first.
    """

    facts: GuestFacts
    tree: Tree
    mounts: tuple[GuestMount, ...]


def look(disks: Sequence[Readable]) -> GuestFacts:
    """Return what is on ``disks``, the boot disk first.

    Raises:
        GuestError: No machine that can be imported is on them; ``aws_text`` is AWS's text.
    """
    return see(disks).facts


def see(disks: Sequence[Readable]) -> Sight:
    """Return what is on ``disks`` with the files themselves. Raises as ``look`` does."""
    shelf = Shelf()
    pages = [Pages(disk, shelf) for disk in disks]
    found = layout.read(pages)
    partitions = [place.partition for place in found.places]
    root = roots.find(found)
    settings = Settings(root.tree)
    mounted = fstab.read(settings, partitions)
    esp = _esp(found, settings)
    esp_path = _esp_path(partitions, mounted)
    facts = replace(
        _facts(found, root, mounted, settings, None if esp is None else (esp, esp_path)),
        bytes_read=sum(disk.bytes_read for disk in pages),
    )
    whole = root.tree if esp is None else root.tree.with_mount(esp_path, esp.root)
    return Sight(facts, whole, _mounts(facts, root.tree, "" if esp is None else esp_path))


def _facts(
    found: Layout,
    root: Root,
    mounted: tuple[FstabEntry, ...],
    settings: Settings,
    esp: tuple[Tree, str] | None,
) -> GuestFacts:
    """Return the facts, but for what was read; of ``esp`` it takes the files and the place."""
    tree = root.tree
    identity = systems.identify(tree)
    partitions = condition.of(found.places, root.place, mounted, settings)
    firmware = None if esp is None else Settings(esp[0])
    offered = menus.read(tree, *((None, "") if esp is None else esp))
    installed = kernels.find(tree, offered.entries, offered.releases)
    _check_kernels(installed, partitions[root.place], identity.pretty_name)
    installed = drivers.add(tree, installed, settings)
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
        root=root.place,
        boot_modes=boot.modes(found.first, partitions, firmware),
        ena="ena" in available,
        nvme="nvme" in available,
        bits=kernels.bits(tree),
        hostname=hostname.read(settings),
        boot_entries=offered.entries,
        fstab=mounted,
        interfaces=interfaces.read(settings),
        services=services.read(settings),
        free=partitions[root.place].free,
        subvolume=root.subvolume,
        lost_volumes=tuple(dict.fromkeys(error.message for error in found.damage)),
        damage=_once(settings.damage, offered.damage, firmware.damage if firmware else []),
    )


def _mounts(facts: GuestFacts, tree: Tree, esp_path: str) -> tuple[GuestMount, ...]:
    """Return what is mounted where when the guest runs."""
    found = {
        path: _mount(path, mount.partition, mount.choice.option)
        for path, mount in mounts.read(tree, facts.partitions).items()
    }
    esp = boot.esp_of(facts.partitions)
    if esp_path and esp is not None:
        found[esp_path] = _mount(esp_path, facts.partitions[esp])
    root = _mount("/", facts.partitions[facts.root], mounts.Choice(path=facts.subvolume).option)
    return (root, *(found[path] for path in sorted(found)))


def _mount(path: str, partition: Partition, options: str = "") -> GuestMount:
    return GuestMount(
        path=path,
        disk=partition.disk,
        number=partition.number,
        volume=partition.volume,
        options=options,
        clean=partition.clean,
    )


def _once(*sentences: list[str]) -> tuple[str, ...]:
    """Return every sentence once: two that read the same file say the same of it."""
    return tuple(dict.fromkeys(chain(*sentences)))


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


def _check_kernels(found: Sequence[Kernel], root: Partition, name: str) -> None:
    if not found:
        raise GuestError(
            f"{where(root)}: {name} has no kernel in /boot",
            hint="Install a kernel, or add the disk that holds /boot",
            aws_text=NO_KERNEL,
        )

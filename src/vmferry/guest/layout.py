# SPDX-License-Identifier: Apache-2.0
"""What is where: the partitions of every disk, what each holds, and the volumes made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import GuestError
from vmferry.guest import signatures, volumes
from vmferry.guest.volumes import Manager, Member, Table, Volumes
from vmferry.guest.window import Window
from vmferry.model.guest import Partition
from vmferry.plugins import find
from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.window import Pages

NO_PARTITIONS: Final = "ClientError: No valid partitions. Not a valid volume."

_SCHEMES: Final = sorted(find(volumes, "VOLUMES", Volumes).values(), key=lambda each: each.rank)
TABLES: Final = [scheme for scheme in _SCHEMES if isinstance(scheme, Table)]
MANAGERS: Final = [scheme for scheme in _SCHEMES if isinstance(scheme, Manager)]


class Place(NamedTuple):
    """A partition or a volume, and its bytes."""

    partition: Partition
    window: Window


class Layout(NamedTuple):
    """What is on a machine's disks.

    Attributes:
        tables: The name of each disk's partition table, ``none`` for a bare disk.
        first: The first disk's bytes.
        places: Partitions in the order of disks and tables, then volumes.
        damage: Why some volumes cannot be had; it matters if the root is not found without them.
    """

    tables: list[str]
    first: Window
    places: tuple[Place, ...]
    damage: list[GuestError]


def read(disks: Sequence[Pages]) -> Layout:
    """Return what is where on ``disks``.

    Raises:
        GuestError: A partition table is damaged, or there is nothing at all.
    """
    tables: list[str] = []
    places: list[Place] = []
    for index, disk in enumerate(disks):
        table, partitions = _table(Window(disk, 0, disk.size, f"disk {index}"), index)
        tables.append(table)
        for partition in partitions:
            window = Window(disk, partition.offset, partition.size, where(partition))
            places.append(_identified(partition, window))
    if not places:
        raise GuestError(
            f"disk 0: found neither a partition table nor a file system in {human(disks[0].size)}",
            hint="Export the whole disk, not an empty or encrypted one",
            aws_text=NO_PARTITIONS,
        )
    damage: list[GuestError] = []
    for manager in MANAGERS:
        members = [Member(*place) for place in places if manager.owns(place.partition)]
        if members:
            joined, causes = manager.join(members)
            damage += causes
            for partition, data in joined:
                window = Window(data, 0, data.size, where(partition))
                places.append(_identified(partition, window))
    first = Window(disks[0], 0, disks[0].size, "disk 0")
    return Layout(tables, first, tuple(places), damage)


def where(partition: Partition) -> str:
    """Return how messages call a partition or a volume."""
    if partition.volume:
        return f"volume {partition.volume}"
    disk = f"disk {partition.disk}"
    return f"{disk}, partition {partition.number}" if partition.number else disk


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


def _identified(partition: Partition, window: Window) -> Place:
    content = signatures.identify(window)
    found = replace(partition, filesystem=content.kind, uuid=content.uuid, label=content.label)
    return Place(found, window)

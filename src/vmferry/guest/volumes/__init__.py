# SPDX-License-Identifier: Apache-2.0
"""How disks are sliced, and slices joined again. A module here exports ``VOLUMES``.

A ``Table`` slices one disk into partitions; a ``Manager`` makes volumes of members, which are
partitions or bare disks, and can lie on several disks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vmferry.errors import GuestError
    from vmferry.guest.window import Readable, Window
    from vmferry.model.guest import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """One scheme.

    Attributes:
        name: The module's name: ``mbr``, ``lvm``.
        rank: Schemes are asked in this order; a GPT hides behind an MBR, so it is asked first.
    """

    name: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Volumes):
    """One kind of partition table.

    Attributes:
        read: Takes the disk and its index; returns its partitions in the table's order, or ``None``
            when the disk has no such table. Raises ``OSError``, ``MemoryError``, ``OverflowError``
            or ``ValueError``, as libyal does, when the table is damaged.
    """

    read: Callable[[Window, int], tuple[Partition, ...] | None]


class Member(NamedTuple):
    """A partition or bare disk that belongs to a volume manager, and its bytes."""

    partition: Partition
    window: Window


class Joined(NamedTuple):
    """A volume as a partition of its own (``Partition.volume``), and its bytes."""

    partition: Partition
    data: Readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager(Volumes):
    """One volume manager.

    Attributes:
        owns: Tells whether a partition, whose content was identified, is a member.
        join: Takes all members of all disks; returns the volumes, and why others cannot be had.
            Raises nothing.
    """

    owns: Callable[[Partition], bool]
    join: Callable[[Sequence[Member]], tuple[list[Joined], list[GuestError]]]

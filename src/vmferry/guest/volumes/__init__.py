# SPDX-License-Identifier: Apache-2.0
"""Partition tables. A module here exports ``VOLUMES``: one scheme of slicing disks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.guest.window import Window
    from vmferry.model.guest import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """One scheme of partitions.

    Attributes:
        name: ``mbr``, ``gpt``.
        rank: Schemes are asked in this order; a GPT hides behind an MBR, so it is asked first.
        read: Takes the disk and its index; returns its partitions in the table's order, or ``None``
            when the disk has no such table. Raises ``OSError``, ``MemoryError``, ``OverflowError``
            or ``ValueError``, as libyal does, when the table is damaged.
    """

    name: str
    rank: int
    read: Callable[[Window, int], tuple[Partition, ...] | None]

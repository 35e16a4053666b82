# SPDX-License-Identifier: Apache-2.0
"""In which condition the guest's file systems are: what is free on them, and if they are clean.

Only those that the guest uses are asked, its root and what fstab mounts: each costs reads.

Source: aws-behaviour.md, 11-I, line 449, and 11-L, line 495.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest.roots import READERS, ROOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.layout import Place
    from vmferry.guest.settings import Settings
    from vmferry.model.guest import FstabEntry, Partition

MOST: Final = 16
"""How many are asked; a machine has 21 disks at most, and few of them matter to an import."""


def of(
    places: Sequence[Place], root: int, mounted: Sequence[FstabEntry], settings: Settings
) -> tuple[Partition, ...]:
    """Return the partitions of ``places`` with ``free`` and ``clean`` where they are asked for.

    Args:
        places: Partitions and volumes.
        root: Which of them is the root.
        mounted: What fstab mounts.
        settings: Is told what is damaged.
    """
    mine = [root, *(entry.partition for entry in mounted if entry.partition is not None)]
    asked = list(dict.fromkeys(mine))[:MOST]
    return tuple(
        _asked(place, settings)
        if number in asked and place.partition.filesystem in ROOTS
        else place.partition
        for number, place in enumerate(places)
    )


def _asked(place: Place, settings: Settings) -> Partition:
    reader = READERS[place.partition.filesystem]
    try:
        return replace(
            place.partition,
            free=_possible(place, reader.free(place.window), settings),
            clean=reader.is_clean(place.window),
        )
    except GuestError as error:
        settings.complain(error.message)
        return place.partition


def _possible(place: Place, free: int | None, settings: Settings) -> int | None:
    if free is not None and free > place.partition.size:
        settings.complain(
            f"{place.window.name}: found {free} free bytes, expected at most its"
            f" {place.partition.size}"
        )
        return None
    return free

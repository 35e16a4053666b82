# SPDX-License-Identifier: Apache-2.0
"""Measures a disk, and cuts it into slices of about equal work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.model.disk import ExtentKind
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.disk import Disk


def allocated(disk: Disk) -> int:
    """Return how many bytes of a disk its source stores."""
    return sum(extent.length for extent in disk.extents() if extent.kind is ExtentKind.DATA)


def cut(disk: Disk, alignment: int, target: int) -> Iterator[tuple[int, int]]:
    """Yield (offset, length) of slices that cover the disk from end to end.

    Args:
        disk: What is cut; an empty disk is one slice.
        alignment: Slices begin at multiples of it.
        target: A slice ends when it holds this much data; holes cost nothing, and a block that
            holds any data counts whole, as it is stored.
    """
    start = filled = position = 0
    for extent in disk.extents():
        if extent.kind is ExtentKind.ZERO:
            continue
        position = max(extent.offset // alignment * alignment, position)
        while position < extent.end:
            if filled >= target:
                yield start, position - start
                start, filled = position, 0
            stop = position + alignment
            covered = min(stop, extent.end) - max(position, extent.offset)
            filled += max(covered, min(alignment, BLOCK))
            position = stop
    yield start, disk.size - start

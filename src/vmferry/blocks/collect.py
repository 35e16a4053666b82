# SPDX-License-Identifier: Apache-2.0
"""Garbage collection: remove maps and segments that nothing visible and nothing running needs.

Roots are the maps of existing snapshots and of unfinished tasks, and the map parts of unfinished
tasks. The lock keeps out slices that are half done, so a block is either still named by nothing
or by a root. A segment goes when no root needs any of its blocks; there is no compaction of
half-used segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmferry.blocks.ingest import alone
from vmferry.blocks.map import BlockMap, map_key, part_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from vmferry.blocks.index import BlockIndex
    from vmferry.model.bytes import ByteStore


class Roots(NamedTuple):
    """What must stay.

    Attributes:
        map_ids: Says whether a map is still needed.
        parts: The map parts of unfinished tasks.
    """

    map_ids: Callable[[str], bool]
    parts: Iterable[Path]


class Collected(NamedTuple):
    """What was removed: numbers of maps and segments."""

    maps: int
    segments: int


def collect(
    store: ByteStore,
    index: BlockIndex,
    lock: Path,
    roots: Callable[[], Roots],
    *,
    wait: bool = True,
) -> Collected:
    """Remove the garbage; safe to be killed at any moment and to run again.

    Args:
        store: The block store.
        index: Forgets the segments before they are removed, so that nothing is shared with them.
        lock: The lock that slices hold.
        roots: Asked once the lock is held.
        wait: For slices that hold the lock; without it they are a ``BlockingIOError``.
    """
    with alone(lock, wait=wait):
        keep = roots()
        needed: set[bytes] = set()
        # Parts before maps: a task that ends meanwhile puts its map there before its parts go.
        for part in keep.parts:
            needed |= part_segments(part)
        maps = {key.removeprefix("maps/") for key in store.list("maps/")}
        dead_maps = sorted(map_id for map_id in maps if not keep.map_ids(map_id))
        for map_id in maps.difference(dead_maps):
            needed |= BlockMap(store.open(map_key(map_id))).segments()
        keys = {key.rpartition("/")[2]: key for key in store.list("segments/")}
        dead = sorted(keys.keys() - {segment.hex() for segment in needed})
        index.forget(dead)
        for map_id in dead_maps:
            store.delete(map_key(map_id))
        for name in dead:
            store.delete(keys[name])
    return Collected(maps=len(dead_maps), segments=len(dead))

# SPDX-License-Identifier: Apache-2.0
"""Disks that are in the block store, for tests of what jobs do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry import formats
from vmferry.blocks import seal
from vmferry.blocks.ingest import SLICE
from vmferry.blocks.map import map_key
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from vmferry.jobs._rooms import Rooms
    from vmferry.model.disk import Disk


def stored(rooms: Rooms, disk: Disk, map_id: str = "import-ami-1.0") -> str:
    """Copy ``disk`` into the block store; return its map."""
    folder = rooms.config.work_root / "stored" / map_id
    parts = []
    for number, (offset, length) in enumerate(formats.cut(disk, BLOCK, SLICE)):
        parts.append(folder / str(number))
        rooms.ingest.copy(disk, offset, length, parts[-1], lambda _done: None)
    folder.mkdir(parents=True, exist_ok=True)
    seal(parts, disk.size, folder / "map")
    rooms.blocks.adopt(map_key(map_id), folder / "map", lambda _done: None)
    return map_id

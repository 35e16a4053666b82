# SPDX-License-Identifier: Apache-2.0
"""Garbage collection with the roots that only the records know; runs in a worker."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from vmferry.blocks import collect
from vmferry.blocks.collect import Roots
from vmferry.jobs._rooms import here
from vmferry.tasks import TaskRecords

if TYPE_CHECKING:
    from vmferry.jobs._rooms import Rooms
    from vmferry.model.task import Task


def collect_garbage(wait: bool) -> tuple[int, int] | None:
    """Remove what nothing needs.

    Args:
        wait: For the slices that are being copied; this worker then does nothing else meanwhile.

    Returns:
        How many maps and how many segments went, or ``None`` if slices were being copied.
    """
    rooms = here()
    try:
        removed = collect(rooms.blocks, rooms.index, rooms.lock, lambda: _roots(rooms), wait=wait)
    except BlockingIOError:
        return None
    return removed.maps, removed.segments


def _borrowed(task: Task) -> list[str]:
    """Return the maps of snapshots that a task reads: those that it exports or imports."""
    named = [*task.params.get("disks", []), *task.params.get("containers", [])]
    return [item["map_id"] for item in named if item.get("map_id")]


def _roots(rooms: Rooms) -> Roots:
    # Tasks before snapshots: a task that completes in between is then seen twice, never not at all.
    records = TaskRecords(rooms.engine)
    tasks = records.unfinished()
    running = {task.id for task in tasks}
    borrowed = {map_id for task in tasks for map_id in _borrowed(task)}
    visible = rooms.snapshots.map_ids()
    work = rooms.config.work_root
    if work.is_dir():
        for folder in work.iterdir():
            # Asked again: a task that began since then has its folder, and its record before that.
            task = None if folder.name in running else records.get(folder.name)
            if folder.name not in running and (task is None or task.state.finished):
                shutil.rmtree(folder, ignore_errors=True)
    return Roots(
        map_ids=lambda map_id: (
            map_id in visible or map_id in borrowed or map_id.rpartition(".")[0] in running
        ),
        parts=[part for task in running for part in (work / task / "parts").glob("*")],
    )

# SPDX-License-Identifier: Apache-2.0
"""Roots of the garbage collection: snapshots, unfinished tasks, what they read; and old folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.blocks.disks import Pieces, noise
from tests.catalog.records import snapshot
from tests.fixtures.rooms import task_of

from vmferry.blocks import seal
from vmferry.blocks.ingest import shared
from vmferry.blocks.map import map_key
from vmferry.catalog.snapshots import add
from vmferry.jobs._collect import collect_garbage
from vmferry.model.task import TaskState
from vmferry.tasks import TaskRecords
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.task import Task


def _keep(rooms: Rooms, map_id: str, seed: int) -> None:
    part, draft = rooms.config.state_dir / "part", rooms.config.state_dir / "draft"
    rooms.ingest.copy(Pieces(BLOCK, {0: noise(seed)}), 0, BLOCK, part, lambda _: None)
    seal([part], BLOCK, draft)
    rooms.blocks.adopt(map_key(map_id), draft, lambda _: None)


def _record(rooms: Rooms, task: Task) -> Path:
    """Record a task and return its folder."""
    TaskRecords(rooms.engine).insert(task, "", "")
    folder = rooms.config.work_root / task.id
    (folder / "parts").mkdir(parents=True)
    return folder


def test_snapshots_and_what_unfinished_tasks_made_or_read_stay(rooms: Rooms) -> None:
    visible = snapshot()
    with rooms.engine.begin() as connection:
        add(connection, visible)
    running = task_of(
        "import-ami-1",
        disks=[{"map_id": "exported"}],
        containers=[{"map_id": "imported"}, {"bucket": "b"}],
    )
    deleting = task_of("import-snap-2", TaskState.DELETING)
    _record(rooms, running)
    _record(rooms, deleting)
    kept = [visible.map_id, "import-ami-1.0", "import-snap-2.0", "exported", "imported"]
    for seed, map_id in enumerate([*kept, "import-ami-11.0", "left-over"]):
        _keep(rooms, map_id, seed)
    assert collect_garbage(wait=True) == (2, 2)
    assert rooms.blocks.list("maps/") == sorted(map(map_key, kept))


def test_parts_of_unfinished_tasks_are_roots(rooms: Rooms) -> None:
    folder = _record(rooms, task_of("import-snap-1"))
    disk = Pieces(BLOCK, {0: noise(1)})
    rooms.ingest.copy(disk, 0, BLOCK, folder / "parts" / "0-000000", lambda _: None)
    assert collect_garbage(wait=True) == (0, 0)
    (folder / "parts" / "0-000000").unlink()
    assert collect_garbage(wait=True) == (0, 1)


def test_folders_of_tasks_that_are_over_or_unknown_go(rooms: Rooms) -> None:
    assert collect_garbage(wait=True) == (0, 0), "no work folder yet"
    running = _record(rooms, task_of("import-snap-1"))
    over = _record(rooms, task_of("import-snap-2", TaskState.COMPLETED))
    failed = _record(rooms, task_of("import-snap-3", TaskState.DELETED))
    unknown = rooms.config.work_root / "import-snap-4"
    unknown.mkdir()
    collect_garbage(wait=True)
    assert running.exists()
    assert not any(folder.exists() for folder in (over, failed, unknown))


def test_a_slice_under_way_is_not_waited_for(rooms: Rooms) -> None:
    with shared(rooms.lock):
        assert collect_garbage(wait=False) is None
    assert collect_garbage(wait=False) == (0, 0)

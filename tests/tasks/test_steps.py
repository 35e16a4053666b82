# SPDX-License-Identifier: Apache-2.0
"""What a job may do while it runs; the durable side is in ``test_runner``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.tasks import work
from tests.tasks.test_records import task

from vmferry.database import connect
from vmferry.errors import TaskCancelledError
from vmferry.tasks import Steps, TaskRecords, WorkerPool
from vmferry.tasks.steps import CANCELLED, check_cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def steps(tmp_path: Path) -> Iterator[Steps]:
    engine = connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    records = TaskRecords(engine)
    records.insert(task(), "", "")
    pool = WorkerPool(1, work.prepare, ("",))
    yield Steps(task(), tmp_path, records, engine, pool)
    pool.stop()
    engine.dispose()


def shown(steps: Steps) -> tuple[str, int, dict[str, object]]:
    seen = steps._records.get(steps.task.id)
    assert seen is not None
    return seen.message, seen.progress, seen.detail


def test_the_flag_stops_a_step(tmp_path: Path) -> None:
    check_cancelled(tmp_path)
    (tmp_path / CANCELLED).touch()
    with pytest.raises(TaskCancelledError, match="the task was cancelled"):
        check_cancelled(tmp_path)


def test_phases_are_always_shown_and_mere_progress_now_and_then(steps: Steps) -> None:
    steps.report("validating", 5)
    assert shown(steps) == ("validating", 5, {"size": 0})
    steps.report(progress=6)
    assert shown(steps)[1] == 5
    steps.report(progress=7, size=9)
    assert shown(steps) == ("validating", 7, {"size": 9})
    steps._shown_at = 0.0
    steps.report(progress=8)
    assert shown(steps)[1] == 8


def test_an_end_is_one_transaction(steps: Steps) -> None:
    def fail(_connection: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        steps.complete(fail)
    assert shown(steps)[0] == "pending"
    steps.complete(lambda _connection: None, image_id="ami-1")
    assert shown(steps) == ("", 100, {"size": 0, "image_id": "ami-1"})
    with pytest.raises(TaskCancelledError):
        steps.complete(lambda _connection: None)

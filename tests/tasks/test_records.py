# SPDX-License-Identifier: Apache-2.0
"""Task records: tokens, states by compare-and-set, what is still listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from vmferry.database import connect
from vmferry.database.engine import now
from vmferry.database.tables import tasks
from vmferry.model.catalog import Owner
from vmferry.model.task import Task, TaskState
from vmferry.tasks.records import TaskRecords

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

OWNER = Owner(account="123456789012", region="us-east-1")
WEEK = timedelta(days=7)


def task(name: str = "import-snap-1", **more: Any) -> Task:
    made = Task(
        id=name,
        owner=OWNER,
        job="import_snapshot",
        state=TaskState.ACTIVE,
        message="pending",
        progress=3,
        params={"a": [1, "b"]},
        detail={"size": 0},
        created=now(),
        tags={"Name": "web", "A": ""},
    )
    return replace(made, **more)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield made
    made.dispose()


@pytest.fixture
def records(engine: Engine) -> TaskRecords:
    return TaskRecords(engine)


def test_a_record_comes_back_as_it_went(records: TaskRecords) -> None:
    made = task()
    assert records.insert(made, "", "digest") is None
    assert records.get(made.id) == made
    assert records.digest(made.id) == "digest"
    assert records.get("import-snap-2") is None


def test_a_token_names_one_task_per_owner_and_job(records: TaskRecords) -> None:
    first = task()
    records.insert(first, "token", "digest")
    twin = records.insert(task("import-snap-2"), "token", "digest")
    assert twin == first
    assert records.get("import-snap-2") is None
    elsewhere = Owner(account="123456789012", region="eu-west-1")
    assert records.insert(task("import-snap-3", owner=elsewhere), "token", "d") is None
    assert records.insert(task("import-ami-4", job="import_image"), "token", "d") is None
    assert records.insert(task("import-snap-5"), "", "d") is None
    assert records.insert(task("import-snap-6"), "", "d") is None


def test_reports_change_an_active_task_only(records: TaskRecords, engine: Engine) -> None:
    made = task()
    records.insert(made, "", "")
    records.report(made.id, message="converting", progress=40, detail={"size": 9})
    seen = records.get(made.id)
    assert seen is not None
    assert (seen.message, seen.progress, seen.detail) == ("converting", 40, {"size": 9})
    with engine.begin() as connection:
        states = (TaskState.ACTIVE, TaskState.DELETING)
        assert records.turn(connection, made.id, states, message="stopped")
    records.report(made.id, message="converting", progress=50)
    seen = records.get(made.id)
    assert seen is not None
    assert (seen.state, seen.message, seen.progress) == (TaskState.DELETING, "stopped", 40)


def test_a_state_turns_once(records: TaskRecords, engine: Engine) -> None:
    made = task()
    records.insert(made, "", "")
    states = (TaskState.ACTIVE, TaskState.COMPLETED)
    with engine.begin() as connection:
        assert records.turn(connection, made.id, states)
        assert not records.turn(connection, made.id, states)
    seen = records.get(made.id)
    assert seen is not None
    assert seen.finished is not None


def test_listed_are_the_owners_of_one_job_until_a_week_after(
    records: TaskRecords, engine: Engine
) -> None:
    for name in ("import-snap-1", "import-snap-2", "import-snap-3"):
        records.insert(task(name), "", "")
    records.insert(task("import-ami-4", job="import_image"), "", "")
    records.insert(task("import-snap-5", owner=Owner(account="9", region="us-east-1")), "", "")
    with engine.begin() as connection:
        for name, days in (("import-snap-1", 6), ("import-snap-2", 8)):
            ended = {"state": "deleted", "finished": now() - timedelta(days=days)}
            connection.execute(update(tasks).where(tasks.c.id == name).values(ended))
    listed = [item.id for item in records.listed(OWNER, "import_snapshot", WEEK)]
    assert listed == ["import-snap-1", "import-snap-3"]
    open_ones = {item.id for item in records.unfinished()}
    assert open_ones == {"import-snap-3", "import-ami-4", "import-snap-5"}
    records.forget(WEEK)
    assert records.get("import-snap-2") is None
    assert records.get("import-snap-1") is not None

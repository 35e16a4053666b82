# SPDX-License-Identifier: Apache-2.0
"""The engine: tasks run, fail, are cancelled, wait for room, and go on after a stop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.tasks import work
from tests.tasks.test_records import task

from vmferry.database import connect
from vmferry.errors import ApiError, FormatError
from vmferry.model.task import Task, TaskState
from vmferry.tasks import Runner, Steps, Tasks, WorkerPool
from vmferry.tasks.runner import JsonSerializer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Engine:
    """A task engine whose one job is a function of the test's."""

    def __init__(self, folder: Path, limit: int = 5) -> None:
        self.folder, self.limit = folder, limit
        self.job: Callable[[Steps], None] = lambda steps: steps.complete(lambda _connection: None)
        self.undone: list[str] = []
        self.collected = 0
        self.tasks: Tasks | None = None

    def start(self) -> Tasks:
        self.engine = connect(f"sqlite:///{self.folder / 'records.sqlite'}")
        runner = Runner(
            run=lambda steps: self.job(steps), undo=lambda task: self.undone.append(task.id)
        )
        self.tasks = Tasks(
            engine=self.engine,
            url=f"sqlite:///{self.folder / 'steps.sqlite'}",
            work_root=self.folder / "work",
            pool=WorkerPool(2, work.prepare, ("ready",)),
            runners={"import_snapshot": runner},
            limit=self.limit,
            collect=self._collect,
        )
        self.tasks.start()
        return self.tasks

    def stop(self) -> None:
        if self.tasks is not None:
            self.tasks.stop()
            self.engine.dispose()
            self.tasks = None

    def _collect(self) -> None:
        self.collected += 1

    def wait(self, task_id: str, *states: TaskState) -> Task:
        """Wait until the task is in one of ``states`` (over, by default)."""
        wanted = states or (TaskState.COMPLETED, TaskState.DELETED)
        assert self.tasks is not None
        deadline = time.monotonic() + 60
        while True:
            seen = self.tasks.records.get(task_id)
            if seen is not None and seen.state in wanted:
                return seen
            assert time.monotonic() < deadline, seen
            time.sleep(0.02)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    yield made
    made.stop()


def test_a_task_runs_to_its_end_and_leaves_no_folder(engine: Engine) -> None:
    def job(steps: Steps) -> None:
        steps.report("working", 10, found=1)
        said = steps.run(work.say)
        steps.complete(lambda _connection: None, said=said)

    engine.job = job
    made = engine.start().create(task())
    seen = engine.wait(made.id)
    assert seen.state is TaskState.COMPLETED
    assert seen.detail == {"size": 0, "found": 1, "said": "ready"}
    time.sleep(0.2)
    assert not (engine.folder / "work" / made.id).exists()
    assert not engine.undone


def test_a_failure_is_shown_with_its_cause_and_cleaned_up(engine: Engine) -> None:
    engine.job = lambda steps: steps.run(work.refuse, "x")
    made = engine.start().create(task())
    seen = engine.wait(made.id, TaskState.DELETED)
    assert seen.message == "AWS says (thing at byte 7: found x, expected something else)"
    assert engine.undone == [made.id]
    assert not (engine.folder / "work" / made.id).exists()
    time.sleep(0.1)
    assert engine.collected == 1


def test_a_defect_of_a_job_ends_the_task_and_not_the_engine(engine: Engine) -> None:
    def job(_steps: Steps) -> None:
        raise LookupError("/secret")

    engine.job = job
    tasks = engine.start()
    seen = engine.wait(tasks.create(task()).id)
    assert seen.state is TaskState.DELETED
    assert seen.message == (
        "InternalError: An internal error has occurred "
        "(import_snapshot failed by a defect of vmferry (LookupError). See the service's log)"
    )
    engine.job = lambda steps: steps.complete(lambda _connection: None)
    assert engine.wait(tasks.create(task("import-snap-2")).id).state is TaskState.COMPLETED


def test_a_task_is_cancelled_in_the_middle_of_a_step(engine: Engine) -> None:
    begun = threading.Event()

    def job(steps: Steps) -> None:
        begun.set()
        steps.run(work.patient, str(steps.work))

    engine.job = job
    tasks = engine.start()
    made = tasks.create(task())
    assert begun.wait(20)
    time.sleep(0.5)
    began = time.monotonic()
    assert tasks.cancel(made.id, "changed my mind") is TaskState.ACTIVE
    seen = engine.wait(made.id)
    assert time.monotonic() - began < 2
    assert (seen.state, seen.message) == (TaskState.DELETED, "changed my mind")
    assert engine.undone == [made.id]
    with pytest.raises(ApiError, match=f"The task {made.id} is deleted, expected active"):
        tasks.cancel(made.id, "again")


def test_more_tasks_than_the_limit_wait_and_can_be_cancelled(tmp_path: Path) -> None:
    engine = Engine(tmp_path, limit=1)
    engine.job = lambda steps: steps.run(work.patient, str(steps.work))
    tasks = engine.start()
    try:
        first = tasks.create(task())
        time.sleep(1)
        second = tasks.create(task("import-snap-2"))
        time.sleep(0.5)
        assert not (engine.folder / "work" / second.id).exists()
        tasks.cancel(second.id, "no longer")
        assert engine.wait(second.id).message == "no longer"
        tasks.cancel(first.id, "enough")
        assert engine.wait(first.id).message == "enough"
    finally:
        engine.stop()


def test_a_stopped_engine_goes_on_at_the_first_open_step(engine: Engine, tmp_path: Path) -> None:
    def job(steps: Steps) -> None:
        names = [(str(tmp_path), f"slice-{at}", 0.2) for at in range(12)]
        done = steps.map(work.slow_note, names, lambda _done: None)
        steps.complete(lambda _connection: None, done=done)

    engine.job = job
    made = engine.start().create(task())
    while len(list(tmp_path.glob("slice-*"))) < 4:
        time.sleep(0.02)
    engine.stop()
    early = {path.name for path in tmp_path.glob("slice-*")}
    assert 4 <= len(early) < 12
    engine.start()
    seen = engine.wait(made.id)
    assert seen.state is TaskState.COMPLETED
    assert seen.detail["done"] == [f"slice-{at}" for at in range(12)]
    calls = {path.name: len(path.read_text().split()) for path in tmp_path.glob("slice-*")}
    assert len(calls) == 12
    # The last ones may have been done and not yet recorded when the engine stopped.
    assert sum(calls.values()) <= 12 + 2
    assert all(calls[name] == 1 for name in sorted(early)[:2])


def test_the_first_failure_of_many_steps_ends_the_task(engine: Engine, tmp_path: Path) -> None:
    def job(steps: Steps) -> None:
        steps.map(work.refuse, [(str(at),) for at in range(3)], lambda _done: None)

    engine.job = job
    seen = engine.wait(engine.start().create(task()).id)
    assert seen.message == "AWS says (thing at byte 7: found 0, expected something else)"


def test_a_recorded_task_without_a_workflow_is_run_at_the_next_start(engine: Engine) -> None:
    tasks = engine.start()
    tasks.records.insert(task(), "", "")
    engine.stop()
    engine.start()
    assert engine.wait("import-snap-1").state is TaskState.COMPLETED


def test_a_token_that_is_used_again_gives_the_same_task(engine: Engine) -> None:
    tasks = engine.start()
    first = tasks.create(task(), token="once", digest="d")
    assert tasks.create(task("import-snap-2"), token="once", digest="d").id == first.id
    with pytest.raises(ApiError, match="The client token once was used with other parameters") as e:
        tasks.create(task("import-snap-3"), token="once", digest="other")
    assert e.value.code == "IdempotentParameterMismatch"
    engine.wait(first.id)


def test_a_task_cancelled_before_its_last_step_makes_nothing_visible(engine: Engine) -> None:
    written: list[int] = []

    def job(steps: Steps) -> None:
        assert engine.tasks is not None
        engine.tasks.cancel(steps.task.id, "just in time")
        steps.complete(lambda _connection: written.append(1))

    engine.job = job
    seen = engine.wait(engine.start().create(task()).id)
    assert (seen.state, seen.message) == (TaskState.DELETED, "just in time")
    assert not written


def test_state_is_json() -> None:
    serializer = JsonSerializer()
    value: dict[str, Any] = {"value": [1, "a", None, {"b": True}]}
    assert serializer.deserialize(serializer.serialize(value)) == value
    assert serializer.serialize(FormatError("x")) == '"x"'
    assert serializer.name() == "vmferry_json"

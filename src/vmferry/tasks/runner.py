# SPDX-License-Identifier: Apache-2.0
"""The engine: tasks in, DBOS workflows running, endings recorded, leftovers removed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from dbos import DBOS, SetWorkflowID
from dbos._serialization import Serializer
from sqlalchemy.exc import OperationalError

from vmferry.database import connect
from vmferry.errors import ApiError, TaskCancelledError, VmferryError
from vmferry.model.task import TaskState
from vmferry.tasks import failure
from vmferry.tasks.records import TaskRecords
from vmferry.tasks.steps import CANCELLED, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from sqlalchemy import Engine

    from vmferry.model.task import Task
    from vmferry.tasks.pool import Json, WorkerPool

QUEUE: Final = "tasks"

POLL_S: Final = 0.2
"""How long an accepted task waits at most before it is begun, when there is room."""

WORKFLOW_VERSION: Final = "1"
"""Constant over releases, so that an upgraded service goes on with the tasks of the old one; a
release that changes the order of a job's steps must know both orders."""

log = structlog.get_logger("vmferry.tasks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What the engine needs to know of one kind of task.

    Attributes:
        run: Does the job by its ``Steps``; ends with ``Steps.complete``.
        undo: Removes what an unfinished or cancelled task left outside its work folder; harmless
            when there is nothing.
    """

    run: Callable[[Steps], None]
    undo: Callable[[Task], None]


class JsonSerializer(Serializer):
    """State as JSON: DBOS's default is pickle, which is unsafe and breaks with versions."""

    def name(self) -> str:
        """Return the name that is kept with every value."""
        return "vmferry_json"

    def serialize(self, data: object) -> str:
        """Return JSON; an exception becomes its text."""
        return json.dumps(data, default=str, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Json:
        """Return what the JSON says."""
        return json.loads(serialized_data)


class Tasks:
    """Tasks of every kind.

    Args:
        engine: The records.
        url: Of the database of steps.
        work_root: Where tasks have their folders.
        pool: Runs the steps.
        runners: By the job's name.
        limit: Tasks that run at once.
        collect: Called after a task ended without success and when a task's data may be garbage.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        url: str,
        work_root: Path,
        pool: WorkerPool,
        runners: Mapping[str, Runner],
        limit: int,
        collect: Callable[[], None],
    ) -> None:
        self.records = TaskRecords(engine)
        self._engine, self._work_root, self._pool = engine, work_root, pool
        self._runners, self._limit, self._collect = runners, limit, collect
        self._url = url
        self._step_engine: Engine | None = None
        self._workflow: Callable[[str], None] | None = None

    def start(self) -> None:
        """Launch DBOS, go on with what was running, and enqueue what was only recorded."""
        self._pool.launch()
        self._step_engine = connect(self._url, migrate=False)

        def workflow(task_id: str) -> None:
            self._run(task_id)

        self._workflow = DBOS.workflow(name="task")(workflow)
        DBOS(
            config={
                "name": "vmferry",
                "system_database_url": self._url,
                "system_database_engine": self._step_engine,
                "serializer": JsonSerializer(),
                "application_version": WORKFLOW_VERSION,
                "executor_id": "local",
                "log_level": "CRITICAL",
                "enable_otlp": False,
            }
        )
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            global_concurrency=self._limit,
            polling_interval_sec=POLL_S,
            on_conflict="always_update",
        )
        for task in self.records.unfinished():
            self._resume(task)

    def stop(self) -> None:
        """Stop running tasks where they are; the next start goes on with them."""
        self._pool.stop()
        DBOS.destroy(destroy_registry=True)
        if self._step_engine is not None:
            self._step_engine.dispose()

    def create(self, task: Task, *, token: str = "", digest: str = "") -> Task:
        """Record the task durably and enqueue it; with a known ``token``, return that task instead.

        Raises:
            ApiError: ``IdempotentParameterMismatch`` when the token came with another request.
        """
        twin = self.records.insert(task, token, digest)
        if twin is not None:
            if self.records.digest(twin.id) != digest:
                raise ApiError(
                    "IdempotentParameterMismatch",
                    f"The client token {token} was used with other parameters, in {twin.id}",
                )
            return twin
        self._enqueue(task.id)
        return task

    def cancel(self, task_id: str, reason: str) -> TaskState:
        """Stop an active task; its end is ``deleted`` and comes within two seconds.

        Returns:
            The state before.

        Raises:
            ApiError: ``IncorrectState``, the task is not active.
        """
        states = (TaskState.ACTIVE, TaskState.DELETING)
        with self._engine.begin() as connection:
            if not self.records.turn(connection, task_id, states, message=reason):
                task = self.records.get(task_id)
                state = task.state if task else "deleted"
                raise ApiError("IncorrectState", f"The task {task_id} is {state}, expected active")
        self._flag(task_id)
        status = DBOS.get_workflow_status(task_id)
        if status is None or status.status in ("ENQUEUED", "DELAYED"):
            if status is not None:
                DBOS.cancel_workflow(task_id)
            self._end(task_id, reason)
        return TaskState.ACTIVE

    def _resume(self, task: Task) -> None:
        status = DBOS.get_workflow_status(task.id)
        alive = status is not None and status.status in ("ENQUEUED", "PENDING", "DELAYED")
        if task.state is TaskState.DELETING:
            self._flag(task.id)
        if status is None and task.state is TaskState.ACTIVE:
            self._enqueue(task.id)
        elif not alive:
            self._end(task.id, task.message)

    def _enqueue(self, task_id: str) -> None:
        if self._workflow is None:
            raise VmferryError("tasks: the engine is not started")
        with SetWorkflowID(task_id):
            DBOS.enqueue_workflow(QUEUE, self._workflow, task_id)

    def _flag(self, task_id: str) -> None:
        work = self._work_root / task_id
        work.mkdir(parents=True, exist_ok=True)
        (work / CANCELLED).touch()

    def _run(self, task_id: str) -> None:
        """The workflow: run the job, record how it ended, remove what it left."""
        task = self.records.get(task_id)
        if task is None:
            return
        work = self._work_root / task_id
        if task.state is not TaskState.ACTIVE:
            # Over, or cancelled before it began, and the service ended before all was recorded.
            self._end(task_id, task.message)
            shutil.rmtree(work, ignore_errors=True)
            return
        steps = Steps(task, work, self.records, self._engine, self._pool)
        try:
            work.mkdir(parents=True, exist_ok=True)
            self._runners[task.job].run(steps)
        except TaskCancelledError:
            current = self.records.get(task_id)
            self._end(task_id, current.message if current else "")
        except VmferryError as error:
            log.warning("task failed", task=task_id, error=error.message, hint=error.hint)
            self._end(task_id, error.status_message)
        except Exception as error:
            log.exception("task failed by a defect of vmferry", task=task_id)
            self._end(task_id, failure.of_defect(task.job, error).status_message)
        else:
            shutil.rmtree(work, ignore_errors=True)

    def _end(self, task_id: str, message: str) -> None:
        """Bring a task that will not succeed to ``deleted``, with nothing left behind."""
        task = self.records.get(task_id)
        if task is None or task.state.finished:
            return
        work = self._work_root / task_id
        try:
            self._turn(task_id, (TaskState.ACTIVE, TaskState.DELETING), message)
        except OperationalError:
            # No room for the record: most of what can be freed at once is the task's own.
            shutil.rmtree(work, ignore_errors=True)
            self._turn(task_id, (TaskState.ACTIVE, TaskState.DELETING), message)
        task = self.records.get(task_id)
        if task is not None and task.state is TaskState.DELETING:
            self._runners[task.job].undo(task)
            shutil.rmtree(work, ignore_errors=True)
            self._turn(task_id, (TaskState.DELETING, TaskState.DELETED), message)
        self._collect()

    def _turn(self, task_id: str, states: tuple[TaskState, TaskState], message: str) -> None:
        with self._engine.begin() as connection:
            self.records.turn(connection, task_id, states, message=message)

    def forget(self, after: timedelta) -> None:
        """Remove the records of tasks that finished longer ago than ``after``."""
        self.records.forget(after)

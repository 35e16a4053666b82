# SPDX-License-Identifier: Apache-2.0
"""Steps: what a job does, one recorded call after the other or many side by side.

Every step runs in a worker process and its JSON result is recorded before the next one begins;
after kill -9 the job's function runs again and gets the recorded results back, until the first
open step. Step numbers are drawn in order before anything runs (``DBOS.reserve_step``), so slices
may finish in any order and still be found again.
"""

from __future__ import annotations

import contextvars
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from dbos import DBOS

from vmferry.errors import TaskCancelledError, VmferryError
from vmferry.model.task import TaskState
from vmferry.tasks import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dbos import StepReservation
    from sqlalchemy import Connection, Engine

    from vmferry.model.task import Task
    from vmferry.tasks.pool import Json, WorkerPool
    from vmferry.tasks.records import TaskRecords

CANCELLED: Final = "cancelled"
"""Name of the file in a task's work folder that tells its steps to stop."""

SHOW_EVERY_S: Final = 0.5
"""Progress is recorded at most this often: a client polls every 5 s, a person reads no faster."""


def check_cancelled(work: Path) -> None:
    """Raise ``TaskCancelledError`` if the task of this work folder was cancelled; one stat."""
    if (work / CANCELLED).exists():
        raise TaskCancelledError("the task was cancelled")


class Steps:
    """What a job is given.

    Attributes:
        task: The task as it was when the job began (or began again).
        work: The task's own folder; removed when the task ends, however it ends.
        detail: What the API shows of the task; ``report`` records it.
    """

    def __init__(
        self, task: Task, work: Path, records: TaskRecords, engine: Engine, pool: WorkerPool
    ) -> None:
        self.task, self.work = task, work
        self.detail: dict[str, Any] = dict(task.detail)
        self._records, self._engine, self._pool = records, engine, pool
        self._shown_at = 0.0
        self._lock = threading.Lock()

    def run(self, function: Callable[..., object], *arguments: object) -> Json:
        """Do one step in a worker process; the result is JSON."""
        return self._do(DBOS.reserve_step(), function, arguments)

    def map(
        self,
        function: Callable[..., object],
        items: Sequence[tuple[object, ...]],
        done: Callable[[int], None],
    ) -> list[Any]:
        """Do one step per item, as many side by side as there are workers.

        Args:
            function: Called in a worker with the item's values.
            items: JSON values.
            done: Called with the number of finished items after each one.

        Returns:
            The results in the items' order.

        Raises:
            VmferryError: The first failure; what has not begun by then is not begun.
        """
        reserved = [DBOS.reserve_step() for _ in items]
        finished = 0

        def one(at: int, context: contextvars.Context) -> object:
            nonlocal finished
            value = context.run(self._do, reserved[at], function, items[at])
            with self._lock:
                finished += 1
                done(finished)
            return value

        with ThreadPoolExecutor(self._pool.workers, "step") as threads:
            calls = [
                threads.submit(one, at, contextvars.copy_context()) for at in range(len(items))
            ]
            try:
                return [call.result() for call in calls]
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def report(
        self, message: str | None = None, progress: int | None = None, **detail: object
    ) -> None:
        """Show a new phase (always) or mere progress (at most every ``SHOW_EVERY_S``)."""
        self.detail.update(detail)
        moment = time.monotonic()
        if message is None and not detail and moment - self._shown_at < SHOW_EVERY_S:
            return
        self._shown_at = moment
        self._records.report(
            self.task.id, message=message, progress=progress, detail=dict(self.detail)
        )

    def complete(self, write: Callable[[Connection], None], **detail: object) -> None:
        """End the task well: ``write`` and the task's last record are one transaction.

        Raises:
            TaskCancelledError: The task was cancelled in the meantime; nothing was written.
        """
        self.detail.update(detail)
        states = (TaskState.ACTIVE, TaskState.COMPLETED)
        with self._engine.begin() as connection:
            if not self._records.turn(
                connection, self.task.id, states, detail=self.detail, message="", progress=100
            ):
                raise TaskCancelledError("the task was cancelled")
            write(connection)

    def _do(
        self,
        reserved: StepReservation,
        function: Callable[..., object],
        arguments: tuple[object, ...],
    ) -> Json:
        check_cancelled(self.work)
        answer = reserved.run(
            {"name": function.__name__}, _recorded, self._pool, function, arguments
        )
        if "error" in answer:
            raise failure.unpack(answer["error"])
        return answer["value"]


def _recorded(
    pool: WorkerPool, function: Callable[..., object], arguments: tuple[object, ...]
) -> dict[str, Any]:
    try:
        return {"value": pool.call(function, arguments)}
    except TaskCancelledError:
        # Not recorded: the record of the task says it, and what is not recorded is not replayed.
        raise
    except VmferryError as error:
        return {"error": failure.pack(error)}

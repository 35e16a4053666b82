# SPDX-License-Identifier: Apache-2.0
"""The records of tasks: what the API shows, changed only by compare-and-set on the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError as DuplicateError

from vmferry.database.engine import now
from vmferry.database.tables import tags, tasks
from vmferry.model.catalog import Owner
from vmferry.model.task import Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy import Connection, Engine, Row, Select


class TaskRecords:
    """The table ``tasks`` and the tags of its rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def insert(self, task: Task, token: str, digest: str) -> Task | None:
        """Record a new task durably.

        Args:
            task: The task.
            token: The caller's ``ClientToken``, ``""`` for none.
            digest: SHA-256 of the request, which a repeated token must have again.

        Returns:
            ``None``, or the task that has the token already.
        """
        row = {
            "id": task.id,
            "account": task.owner.account,
            "region": task.owner.region,
            "job": task.job,
            "state": task.state.value,
            "message": task.message,
            "progress": task.progress,
            "params": task.params,
            "detail": task.detail,
            "client_token": token or None,
            "request_digest": digest,
            "created": task.created,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(tasks).values(row))
                _tag(connection, task)
        except DuplicateError:
            return self.by_token(task.owner, task.job, token)
        return None

    def by_token(self, owner: Owner, job: str, token: str) -> Task | None:
        """Return the task that was made with this ``ClientToken``."""
        query = select(tasks).where(
            tasks.c.account == owner.account,
            tasks.c.region == owner.region,
            tasks.c.job == job,
            tasks.c.client_token == token,
        )
        return next(iter(self._read(query)), None)

    def digest(self, task_id: str) -> str:
        """Return the digest of the request that made the task."""
        with self._engine.connect() as connection:
            query = select(tasks.c.request_digest).where(tasks.c.id == task_id)
            return str(connection.execute(query).scalar() or "")

    def get(self, task_id: str) -> Task | None:
        """Return the task, or ``None``."""
        return next(iter(self._read(select(tasks).where(tasks.c.id == task_id))), None)

    def listed(self, owner: Owner, job: str, since: timedelta) -> list[Task]:
        """Return the owner's tasks of one job, oldest first, without those finished long ago."""
        oldest = now() - since
        query = (
            select(tasks)
            .where(tasks.c.account == owner.account, tasks.c.region == owner.region)
            .where(tasks.c.job == job)
            .where((tasks.c.finished.is_(None)) | (tasks.c.finished > oldest))
            .order_by(tasks.c.created, tasks.c.id)
        )
        return self._read(query)

    def unfinished(self) -> Sequence[Task]:
        """Return every task, of any owner, that is not finished."""
        open_states = [TaskState.ACTIVE.value, TaskState.DELETING.value]
        return self._read(select(tasks).where(tasks.c.state.in_(open_states)))

    def report(
        self,
        task_id: str,
        *,
        message: str | None = None,
        progress: int | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Show what a running task is at; nothing happens once it is no longer active."""
        values: dict[str, Any] = {}
        if message is not None:
            values["message"] = message
        if progress is not None:
            values["progress"] = progress
        if detail is not None:
            values["detail"] = detail
        active = tasks.c.state == TaskState.ACTIVE.value
        with self._engine.begin() as connection:
            connection.execute(update(tasks).where(tasks.c.id == task_id, active).values(values))

    def turn(
        self,
        connection: Connection,
        task_id: str,
        states: tuple[TaskState, TaskState],
        **values: object,
    ) -> bool:
        """Change the state and further columns; say whether it had the first of ``states``."""
        before, after = states
        if after.finished:
            values["finished"] = now()
        where = (tasks.c.id == task_id) & (tasks.c.state == before.value)
        changed = connection.execute(update(tasks).where(where).values(state=after.value, **values))
        return changed.rowcount == 1

    def forget(self, before: timedelta) -> None:
        """Remove tasks that finished longer ago than ``before``."""
        old = select(tasks.c.id).where(tasks.c.finished < now() - before)
        with self._engine.begin() as connection:
            connection.execute(delete(tags).where(tags.c.resource.in_(old)))
            connection.execute(delete(tasks).where(tasks.c.id.in_(old)))

    def _read(self, query: Select[Any]) -> list[Task]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
            labels: dict[str, dict[str, str]] = {}
            wanted = query.with_only_columns(tasks.c.id).order_by(None)
            chosen = select(tags).where(tags.c.resource.in_(wanted)).order_by(tags.c.key)
            for label in connection.execute(chosen):
                labels.setdefault(label.resource, {})[label.key] = label.value
        return [_task(row, labels.get(row.id, {})) for row in rows]


def _task(row: Row[Any], labels: dict[str, str]) -> Task:
    return Task(
        id=row.id,
        owner=Owner(account=row.account, region=row.region),
        job=row.job,
        state=TaskState(row.state),
        message=row.message,
        progress=row.progress,
        params=row.params,
        detail=row.detail,
        created=row.created,
        finished=row.finished,
        tags=labels,
    )


def _tag(connection: Connection, task: Task) -> None:
    rows = [
        {
            "resource": task.id,
            "key": key,
            "value": value,
            "account": task.owner.account,
            "region": task.owner.region,
        }
        for key, value in task.tags.items()
    ]
    if rows:
        connection.execute(insert(tags), rows)

# SPDX-License-Identifier: Apache-2.0
"""Tasks: the durable jobs that the API shows while they run and for seven days afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from vmferry.model.catalog import Owner


class TaskState(StrEnum):
    """``Status`` on the wire; while a task runs it is only ever ``active`` (clients.md)."""

    ACTIVE = "active"
    DELETING = "deleting"
    DELETED = "deleted"
    COMPLETED = "completed"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to the task."""
        return self in (TaskState.DELETED, TaskState.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task as it stands in the records.

    Attributes:
        id: ``import-ami-…``, ``import-snap-…``, ``export-ami-…``.
        job: Name of the job in ``jobs/``.
        params: What the caller asked for (JSON).
        detail: What the job has found and the API shows (JSON): sizes, formats, snapshots.
        progress: Percent, 0 to 99; meaningless once finished.
        message: ``StatusMessage``: the phase, or the cause of the failure.
    """

    id: str
    owner: Owner
    job: str
    state: TaskState
    message: str
    progress: int
    params: dict[str, Any]
    detail: dict[str, Any]
    created: datetime
    finished: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

# SPDX-License-Identifier: Apache-2.0
"""How tasks look on the wire: which are listed, and the members that every kind has."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions.ec2 import _checks
from vmferry.api.actions.ec2._describe import ANY_SIZE, described, tag_list, without_none
from vmferry.database.engine import now
from vmferry.errors import ApiError
from vmferry.model import ids
from vmferry.model.task import Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vmferry.api.actions import Call

TOKEN_LENGTH: Final = 64
"""Characters of a ``ClientToken`` (aws-behaviour.md 1.5)."""


def repeated(call: Call, job: str) -> Task | None:
    """Return the task that the same request made before, known by its ``ClientToken``.

    Asked before anything else is checked: a client that repeats a request may have removed the
    object since, and its answer is the task all the same.

    Raises:
        ApiError: ``IdempotentParameterMismatch``: the token came with other parameters.
    """
    token = str(call.params.get("ClientToken", ""))
    if len(token) > TOKEN_LENGTH or not token.isascii():
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({token[:TOKEN_LENGTH]}) for parameter clientToken is invalid. "
            f"Expected up to {TOKEN_LENGTH} ASCII characters",
        )
    if not token or call.params.get("DryRun"):
        return None
    records = call.services.tasks.records
    twin = records.by_token(call.owner, job, token)
    if twin is not None and records.digest(twin.id) != _checks.request_digest(call.params):
        raise ApiError(
            "IdempotentParameterMismatch",
            f"The client token {token} was used with other parameters, in {twin.id}",
        )
    return twin


def start(call: Call, task: Task) -> Task:
    """Start ``task``, or return the one that a request at the same moment made."""
    token, digest = str(call.params.get("ClientToken", "")), _checks.request_digest(call.params)
    return call.services.tasks.create(task, token=token, digest=digest)


def new_task(
    call: Call,
    *,
    job: str,
    task_id: str,
    params: dict[str, Any],
    detail: dict[str, Any],
    message: str,
    progress: int,
    tags: dict[str, str],
) -> Task:
    """Return the record of a task that the request starts."""
    return Task(
        id=task_id,
        owner=call.owner,
        job=job,
        state=TaskState.ACTIVE,
        message=message,
        progress=progress,
        params=params,
        detail=detail,
        created=now(),
        tags=tags,
    )


def owned_task(call: Call, task_id: str, prefix: str, unknown: str) -> Task:
    """Return the caller's task.

    Args:
        call: The request.
        task_id: What it names.
        prefix: Of the ids of this kind.
        unknown: The code for an id that is malformed or of no task of the caller.
    """
    task = call.services.tasks.records.get(task_id) if ids.valid(prefix, task_id) else None
    if task is None or task.owner != call.owner:
        raise ApiError(unknown, f"The task ID '{task_id}' does not exist or is malformed")
    return task


def described_tasks(
    call: Call,
    job: str,
    wanted: Sequence[Task],
    show: Callable[[Task], dict[str, Any]],
    member: str,
    sizes: tuple[int, int] = ANY_SIZE,
) -> dict[str, Any]:
    """Return the answer of a Describe action over tasks.

    Args:
        call: The request.
        job: The kind.
        wanted: The tasks that the request names; all that are still listed if it names none.
        show: Turns a task into the API's structure.
        member: Name of the output's list.
        sizes: The smallest and the largest ``MaxResults``.
    """
    since = timedelta(days=call.services.config.tasks.retention_days)
    tasks = wanted or call.services.tasks.records.listed(call.owner, job, since)
    shown, more = described(
        call,
        tasks,
        key=lambda task: f"{task.created.isoformat()} {task.id}",
        fields={"task-state": lambda task: [task.state.value]},
        tags=lambda task: task.tags,
        sizes=sizes,
    )
    return {member: [show(task) for task in shown], **more}


def progress_members(task: Task) -> dict[str, Any]:
    """Return Status, StatusMessage and Progress as AWS shows them in each state.

    Progress goes when a task is over, StatusMessage stays on failures (clients.md, the contract).
    """
    active = task.state is TaskState.ACTIVE
    return without_none(
        Status=task.state.value,
        StatusMessage=task.message if task.state is not TaskState.COMPLETED else None,
        Progress=str(task.progress) if active else None,
    )


def tag_members(task: Task) -> dict[str, Any]:
    """Return ``Tags``: always there, even if empty (aws-behaviour.md 1.7)."""
    return {"Tags": tag_list(task.tags)}


def source_members(container: dict[str, Any]) -> dict[str, Any]:
    """Return where a disk came from, as it was asked for."""
    members: dict[str, Any] = {}
    if container.get("url"):
        members["Url"] = container["url"]
    if container.get("bucket"):
        members["UserBucket"] = {"S3Bucket": container["bucket"], "S3Key": container["key"]}
    return members

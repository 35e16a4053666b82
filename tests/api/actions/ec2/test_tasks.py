# SPDX-License-Identifier: Apache-2.0
"""Tasks as every kind shows them; tokens and listings are seen in the actions' own tests."""

from __future__ import annotations

import pytest

from vmferry.api.actions.ec2._tasks import progress_members, source_members, tag_members
from vmferry.database.engine import now
from vmferry.model.catalog import Owner
from vmferry.model.task import Task, TaskState


def task(state: TaskState, **members: object) -> Task:
    """Return a task in ``state``."""
    given: dict[str, object] = {
        "id": "import-snap-0123456789abcdef0",
        "owner": Owner(account="1", region="us-east-1"),
        "job": "import_snapshot",
        "state": state,
        "message": "converting",
        "progress": 42,
        "params": {},
        "detail": {},
        "created": now(),
        **members,
    }
    return Task(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "members"),
    [
        (
            TaskState.ACTIVE,
            {"Status": "active", "StatusMessage": "converting", "Progress": "42"},
        ),
        (TaskState.DELETING, {"Status": "deleting", "StatusMessage": "converting"}),
        (TaskState.DELETED, {"Status": "deleted", "StatusMessage": "converting"}),
        (TaskState.COMPLETED, {"Status": "completed"}),
    ],
)
def test_progress_and_message_go_when_they_mean_nothing(
    state: TaskState, members: dict[str, str]
) -> None:
    assert progress_members(task(state)) == members


def test_tags_are_there_even_if_there_are_none() -> None:
    assert tag_members(task(TaskState.ACTIVE)) == {"Tags": []}


@pytest.mark.parametrize(
    ("container", "members"),
    [
        ({}, {}),
        ({"url": "", "bucket": "b", "key": "k"}, {"UserBucket": {"S3Bucket": "b", "S3Key": "k"}}),
        (
            {"url": "S3://b/k", "bucket": "b", "key": "k"},
            {"Url": "S3://b/k", "UserBucket": {"S3Bucket": "b", "S3Key": "k"}},
        ),
    ],
)
def test_the_source_is_shown_as_it_was_asked_for(
    container: dict[str, str], members: dict[str, object]
) -> None:
    assert source_members(container) == members

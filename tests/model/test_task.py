# SPDX-License-Identifier: Apache-2.0
"""Which states a task never leaves."""

from __future__ import annotations

from vmferry.model.task import TaskState


def test_a_finished_task_is_completed_or_deleted() -> None:
    assert [str(state) for state in TaskState if state.finished] == ["deleted", "completed"]

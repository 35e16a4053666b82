# SPDX-License-Identifier: Apache-2.0
"""DescribeImportSnapshotTasks. Source: aws-behaviour.md 3.4."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _shown
from vmferry.api.actions.ec2._tasks import described_tasks, owned_task


def handle(call: Call) -> dict[str, Any]:
    """List the caller's snapshot imports."""
    wanted = [
        owned_task(call, task_id, "import-snap", "InvalidConversionTaskId.Malformed")
        for task_id in call.params.get("ImportTaskIds", [])
    ]
    return described_tasks(
        call, "import_snapshot", wanted, _shown.import_snapshot, "ImportSnapshotTasks"
    )


ACTION = Action(name="DescribeImportSnapshotTasks", handle=handle)

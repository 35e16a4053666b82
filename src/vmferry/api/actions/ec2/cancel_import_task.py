# SPDX-License-Identifier: Apache-2.0
"""CancelImportTask: stop an image or snapshot import. Source: aws-behaviour.md 3.5."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._checks import check_dry_run
from vmferry.api.actions.ec2._tasks import owned_task
from vmferry.errors import ApiError
from vmferry.model.task import TaskState


def handle(call: Call) -> dict[str, Any]:
    """Cancel the task; it is ``deleted`` within two seconds."""
    task_id = str(call.params.get("ImportTaskId", ""))
    if not task_id:
        raise ApiError("MissingParameter", "The request must contain the parameter ImportTaskId")
    prefix = "import-snap" if task_id.startswith("import-snap-") else "import-ami"
    task = owned_task(call, task_id, prefix, "InvalidConversionTaskId.Malformed")
    check_dry_run(call)
    reason = str(call.params.get("CancelReason") or "User cancelled task")
    before = call.services.tasks.cancel(task.id, reason)
    return {
        "ImportTaskId": task.id,
        "PreviousState": before.value,
        "State": TaskState.DELETING.value,
    }


ACTION = Action(name="CancelImportTask", handle=handle)

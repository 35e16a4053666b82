# SPDX-License-Identifier: Apache-2.0
"""CancelExportTask: stop an export and remove what it left, also parts of objects.

It is refused once the export is over or hands over its last disk. Source: aws-behaviour.md 3.10.
"""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._tasks import owned_task
from vmferry.errors import ApiError
from vmferry.model.task import TaskState


def handle(call: Call) -> dict[str, Any]:
    """Cancel the task; the API answers nothing."""
    task = owned_task(
        call, str(call.params["ExportTaskId"]), "export-ami", "InvalidExportTaskID.NotFound"
    )
    if task.state is TaskState.ACTIVE and task.detail.get("final"):
        raise ApiError(
            "IncorrectState",
            f"The task {task.id} is transferring the final disk image, which cannot be cancelled",
            hint="It is over in a moment; delete the object then",
        )
    call.services.tasks.cancel(task.id, "User cancelled task")
    return {}


ACTION = Action(name="CancelExportTask", handle=handle)

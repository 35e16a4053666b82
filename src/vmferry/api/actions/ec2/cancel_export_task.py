# SPDX-License-Identifier: Apache-2.0
"""CancelExportTask: stop an export and remove what it left. Source: aws-behaviour.md 3.10."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._tasks import owned_task


def handle(call: Call) -> dict[str, Any]:
    """Cancel the task; the API answers nothing."""
    task = owned_task(
        call, str(call.params["ExportTaskId"]), "export-ami", "InvalidExportTaskID.NotFound"
    )
    call.services.tasks.cancel(task.id, "User cancelled task")
    return {}


ACTION = Action(name="CancelExportTask", handle=handle)

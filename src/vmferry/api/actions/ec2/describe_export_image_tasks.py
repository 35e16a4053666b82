# SPDX-License-Identifier: Apache-2.0
"""DescribeExportImageTasks. Source: aws-behaviour.md 3.7."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _shown
from vmferry.api.actions.ec2._tasks import described_tasks, owned_task


def handle(call: Call) -> dict[str, Any]:
    """List the caller's image exports."""
    wanted = [
        owned_task(call, task_id, "export-ami", "InvalidExportTaskID.NotFound")
        for task_id in call.params.get("ExportImageTaskIds", [])
    ]
    return described_tasks(
        call, "export_image", wanted, _shown.export_image, "ExportImageTasks", sizes=(1, 500)
    )


ACTION = Action(name="DescribeExportImageTasks", handle=handle)

# SPDX-License-Identifier: Apache-2.0
"""DescribeImportImageTasks. Source: aws-behaviour.md 3.2."""

from __future__ import annotations

from typing import Any

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _shown
from vmferry.api.actions.ec2._tasks import described_tasks, owned_task


def handle(call: Call) -> dict[str, Any]:
    """List the caller's image imports."""
    wanted = [
        owned_task(call, task_id, "import-ami", "InvalidConversionTaskId.Malformed")
        for task_id in call.params.get("ImportTaskIds", [])
    ]
    return described_tasks(call, "import_image", wanted, _shown.import_image, "ImportImageTasks")


ACTION = Action(name="DescribeImportImageTasks", handle=handle)

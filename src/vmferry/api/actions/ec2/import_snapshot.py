# SPDX-License-Identifier: Apache-2.0
"""ImportSnapshot: accept a disk for import as a snapshot.

Source: aws-behaviour.md 3.3; the guide, "Start an import snapshot task".
"""

from __future__ import annotations

from typing import Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _checks, _shown
from vmferry.api.actions.ec2._encryption import encryption
from vmferry.api.actions.ec2._tasks import new_task, repeated, start
from vmferry.errors import ApiError
from vmferry.model import ids

FORMATS: Final = ("VMDK", "VHD", "VHDX", "RAW")
"""The guide's list; the model's omits VHDX (aws-behaviour.md 3.3)."""

JOB: Final = "import_snapshot"
TAGGED: Final = "import-snapshot-task"


def handle(call: Call) -> dict[str, Any]:
    """Check the request and start the task."""
    task = repeated(call, JOB)
    if task is None:
        task_id = ids.new("import-snap")
        params = _params(call, task_id)
        tags = _checks.task_tags(call, TAGGED)
        _checks.check_dry_run(call)
        new = new_task(
            call,
            job=JOB,
            task_id=task_id,
            params=params,
            detail={"format": params["container"]["format"], "size": 0},
            message="pending",
            progress=3,
            tags=tags,
        )
        task = start(call, new)
    return _shown.import_snapshot(task)


def _params(call: Call, task_id: str) -> dict[str, Any]:
    container = call.params.get("DiskContainer") or {}
    declared = _format(container)
    name = _checks.one_of(container)
    if name is None:
        raise ApiError("InvalidParameter", "ImportSnapshot takes a Url or a UserBucket")
    role = _checks.check_role(call, _checks.task_arn(call, task_id))
    _checks.check_object(call, role, name)
    return {
        "container": {
            "bucket": name.bucket,
            "key": name.key,
            "url": container.get("Url", ""),
            "format": declared,
            "description": container.get("Description", ""),
        },
        "description": call.params.get("Description", ""),
        "role": call.params.get("RoleName", ""),
        **encryption(call),
    }


def _format(container: dict[str, Any]) -> str:
    declared = str(container.get("Format", "")).upper()
    if declared and declared not in FORMATS:
        raise ApiError(
            "InvalidParameter",
            f"The format {declared} is invalid for ImportSnapshot. "
            f"Valid value(s): {', '.join(FORMATS)}",
        )
    return declared


ACTION = Action(name="ImportSnapshot", handle=handle)

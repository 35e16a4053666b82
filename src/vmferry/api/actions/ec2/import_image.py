# SPDX-License-Identifier: Apache-2.0
"""ImportImage: accept a machine, an OVA or its disks, for import as an image.

Source: aws-behaviour.md 3.1, 11-H; the guide, "Import your VM as an image".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _checks, _shown
from vmferry.api.actions.ec2._encryption import encryption
from vmferry.api.actions.ec2._tasks import new_task, repeated, start
from vmferry.errors import ApiError, GuestError, SourceError
from vmferry.jobs._source import examine
from vmferry.jobs.import_image import asked
from vmferry.model import ids

if TYPE_CHECKING:
    from vmferry.model.identity import Role

FORMATS: Final = ("OVA", "VHD", "VHDX", "VMDK", "RAW")
MAX_DISKS: Final = 21
"""The guide, general limits: a machine with more volumes cannot be imported."""

JOB: Final = "import_image"
TAGGED: Final = "import-image-task"


def handle(call: Call) -> dict[str, Any]:
    """Check the request and start the task."""
    task = repeated(call, JOB)
    if task is None:
        task_id = ids.new("import-ami")
        params = _params(call, task_id)
        tags = _checks.task_tags(call, TAGGED)
        if call.params.get("DryRun"):
            _check_machine(call, params)
        _checks.check_dry_run(call)
        new = new_task(
            call,
            job=JOB,
            task_id=task_id,
            params=params,
            detail={"disks": [_pending(n, item) for n, item in enumerate(params["containers"])]},
            message="pending",
            progress=1,
            tags=tags,
        )
        task = start(call, new)
    return _shown.import_image(task, boot_mode=False)


def _check_machine(call: Call, params: dict[str, Any]) -> None:
    """Refuse a dry run of a machine that the task would refuse: better now than in an hour.

    AWS's dry run looks at the caller's permission only (aws-behaviour.md 1.4).
    """
    try:
        cause = examine(call.services.rooms, params["containers"], asked(params))["cause"]
    except SourceError as error:
        raise ApiError("InvalidParameter", error.status_message) from error
    if cause:
        message, hint, aws_text = cause
        refusal = GuestError(message, hint=hint, aws_text=aws_text)
        raise ApiError("InvalidParameter", refusal.status_message)


def _params(call: Call, task_id: str) -> dict[str, Any]:
    _check_parameters(call)
    role = _checks.check_role(call, _checks.task_arn(call, task_id))
    return {
        "containers": [_container(call, role, item) for item in call.params["DiskContainers"]],
        "description": call.params.get("Description", ""),
        "architecture": call.params.get("Architecture", ""),
        "boot_mode": call.params.get("BootMode", ""),
        "platform": call.params.get("Platform", ""),
        "license_type": str(call.params.get("LicenseType", "")).upper(),
        "usage_operation": call.params.get("UsageOperation", ""),
        "role": call.params.get("RoleName", ""),
        **encryption(call),
    }


def _check_parameters(call: Call) -> None:
    params = call.params
    if not params.get("DiskContainers"):
        raise ApiError("MissingParameter", "The request must contain the parameter DiskContainer")
    if len(params["DiskContainers"]) > MAX_DISKS:
        raise ApiError("InvalidParameter", f"The number of disks exceeds the limit of {MAX_DISKS}.")
    architecture = params.get("Architecture", "x86_64")
    if architecture not in ("x86_64", "i386"):
        raise ApiError(
            "InvalidParameter", f"Parameter architecture={architecture} has an invalid format."
        )
    boot_mode = params.get("BootMode", "")
    if boot_mode not in ("", "legacy-bios", "uefi"):
        raise ApiError(
            "InvalidParameter", f"Parameter boot-mode={boot_mode} has an invalid format."
        )
    if str(params.get("Platform", "")).lower() not in ("", "linux", "windows"):
        raise ApiError(
            "InvalidParameter", f"Parameter platform={params['Platform']} has an invalid format."
        )
    license_type = str(params.get("LicenseType", "")).upper()
    if license_type not in ("", "AWS", "BYOL"):
        raise ApiError(
            "InvalidParameter", f"Parameter license-type={license_type} has an invalid format."
        )
    if license_type and params.get("UsageOperation"):
        raise ApiError(
            "InvalidParameterCombination",
            "LicenseType and UsageOperation cannot be given together",
        )


def _container(call: Call, role: Role, item: dict[str, Any]) -> dict[str, Any]:
    declared = str(item.get("Format", "")).upper()
    if declared and declared not in FORMATS:
        raise ApiError(
            "InvalidParameter",
            "Parameter disk-image-size=0 has an invalid format",
            hint=f"The format is {declared}, expected one of {', '.join(FORMATS)}",
        )
    out: dict[str, Any] = {
        "format": declared,
        "url": item.get("Url", ""),
        "description": item.get("Description", ""),
        "device_name": item.get("DeviceName", ""),
    }
    name = _checks.one_of(item)
    if name is None:
        snapshot = call.services.snapshots.find(call.owner, item["SnapshotId"])
        return {**out, "snapshot_id": snapshot.id, "map_id": snapshot.map_id}
    _checks.check_object(call, role, name)
    return {**out, "bucket": name.bucket, "key": name.key}


def _pending(number: int, container: dict[str, Any]) -> dict[str, Any]:
    return {"container": number, "format": container["format"], "size": 0}


ACTION = Action(name="ImportImage", handle=handle)

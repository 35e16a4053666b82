# SPDX-License-Identifier: Apache-2.0
"""ExportImage: write an image's disks as files into a bucket.

Source: aws-behaviour.md 3.6, 11-X.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _checks, _exports, _shown
from vmferry.api.actions.ec2._describe import without_none
from vmferry.api.actions.ec2._tasks import new_task, repeated, start
from vmferry.errors import ApiError
from vmferry.jobs.export_image import object_key
from vmferry.model import ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.model.identity import Role

JOB: Final = "export_image"
TAGGED: Final = "export-image-task"
DESCRIPTION_LENGTH: Final = 255
FORMATS: Final = ("RAW", "VHD", "VMDK")
"""The model's list."""

UNRESTRICTED: Final = ("VHDX", "OVA")
"""What ``export.unrestricted`` adds; clients of AWS's model may refuse to ask for them."""


def handle(call: Call) -> dict[str, Any]:
    """Check the request and start the task."""
    task = repeated(call, JOB)
    if task is None:
        task_id = ids.new("export-ami")
        params = _params(call, task_id)
        tags = _checks.task_tags(call, TAGGED)
        with _exports.ONE_BY_ONE:
            _check_alone(call, params["image_id"])
            _exports.check_count(call)
            _checks.check_dry_run(call)
            new = new_task(
                call,
                job=JOB,
                task_id=task_id,
                params=params,
                detail={},
                message="validating",
                progress=0,
                tags=tags,
            )
            task = start(call, new)
    return {
        **_shown.export_image(task),
        **without_none(DiskImageFormat=task.params["format"], RoleName=task.params["role"] or None),
    }


def _params(call: Call, task_id: str) -> dict[str, Any]:
    params = call.params
    beyond = UNRESTRICTED if call.services.config.export.unrestricted else ()
    wanted = _exports.wanted_format(params, (*FORMATS, *beyond))
    if len(str(params.get("Description", ""))) > DESCRIPTION_LENGTH:
        raise ApiError(
            "InvalidParameterValue",
            f"Description has more than {DESCRIPTION_LENGTH} characters",
        )
    image = call.services.images.find(call.owner, params["ImageId"])
    snapshots = _exports.snapshots_of(call, image)
    place = params["S3ExportLocation"]
    bucket, prefix = place["S3Bucket"], place.get("S3Prefix", "")
    role = _checks.check_role(call, _checks.task_arn(call, task_id))
    count = 1 if wanted == "OVA" else len(snapshots)
    keys = [object_key(prefix, task_id, number, wanted) for number in range(count)]
    _check_place(call, role, bucket, keys)
    return {
        "image_id": image.id,
        "name": image.name,
        "boot_mode": image.boot_mode,
        "format": wanted,
        "bucket": bucket,
        "prefix": prefix,
        "disks": [
            {"snapshot_id": snapshot.id, "map_id": snapshot.map_id, "key": key}
            for snapshot, key in zip(snapshots, cycle(keys), strict=False)
        ],
        "description": params.get("Description", ""),
        "role": params.get("RoleName", ""),
    }


def _check_place(call: Call, role: Role, bucket: str, keys: Sequence[str]) -> None:
    _exports.check_destination(call, bucket)
    _checks.check_access(call, role, f"arn:aws:s3:::{bucket}", _checks.WRITE_BUCKET)
    for key in keys:
        _checks.check_access(call, role, f"arn:aws:s3:::{bucket}/{key}", _checks.WRITE_OBJECT)
        call.services.rooms.object_url(bucket, key)


def _check_alone(call: Call, image_id: str) -> None:
    """One export of an image at a time (the guide, considerations for image export)."""
    for task in call.services.tasks.records.unfinished():
        if task.job == JOB and task.params["image_id"] == image_id:
            raise ApiError(
                "IncorrectState",
                f"The image {image_id} is being exported by {task.id}",
                hint="Wait for that task or cancel it",
            )


ACTION = Action(name="ExportImage", handle=handle)

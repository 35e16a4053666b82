# SPDX-License-Identifier: Apache-2.0
"""ExportImage: write an image's disks as files into a bucket.

Source: aws-behaviour.md 3.6, 11-X.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _checks, _shown
from vmferry.api.actions.ec2._describe import without_none
from vmferry.api.actions.ec2._tasks import new_task
from vmferry.errors import ApiError
from vmferry.formats import all_formats
from vmferry.jobs.export_image import object_key
from vmferry.model import ids

if TYPE_CHECKING:
    from vmferry.model.catalog import Image

TAGGED: Final = "export-image-task"
DESCRIPTION_LENGTH: Final = 255


def handle(call: Call) -> dict[str, Any]:
    """Check the request and start the task."""
    params = call.params
    wanted = _format(params)
    image = call.services.images.find(call.owner, params["ImageId"])
    place = params["S3ExportLocation"]
    bucket, prefix = place["S3Bucket"], place.get("S3Prefix", "")
    task_id = ids.new("export-ami")
    role = _checks.check_role(call, _checks.task_arn(call, task_id))
    _checks.check_bucket(call, bucket)
    _checks.check_access(call, role, f"arn:aws:s3:::{bucket}", _checks.WRITE_BUCKET)
    disks = _disks(call, image, prefix, task_id, wanted)
    for disk in disks:
        arn = f"arn:aws:s3:::{bucket}/{disk['key']}"
        _checks.check_access(call, role, arn, _checks.WRITE_OBJECT)
        call.services.rooms.object_url(bucket, disk["key"])
    tags = _checks.task_tags(call, TAGGED)
    _check_alone(call, image)
    _checks.check_dry_run(call)
    task = new_task(
        call,
        job="export_image",
        task_id=task_id,
        params={
            "image_id": image.id,
            "format": wanted,
            "bucket": bucket,
            "prefix": prefix,
            "disks": disks,
            "description": params.get("Description", ""),
            "role": params.get("RoleName", ""),
        },
        detail={},
        message="validating",
        progress=0,
        tags=tags,
    )
    token, digest = str(params.get("ClientToken", "")), _checks.request_digest(params)
    started = call.services.tasks.create(task, token=token, digest=digest)
    return {
        **_shown.export_image(started),
        **without_none(DiskImageFormat=wanted, RoleName=params.get("RoleName")),
    }


def _format(params: dict[str, Any]) -> str:
    wanted = str(params["DiskImageFormat"]).upper()
    writable = [name.upper() for name, item in all_formats().items() if item.write is not None]
    if wanted not in writable:
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter diskImageFormat is invalid. "
            f"Valid value(s): {', '.join(writable)}",
        )
    if len(str(params.get("Description", ""))) > DESCRIPTION_LENGTH:
        raise ApiError(
            "InvalidParameterValue",
            f"Description has more than {DESCRIPTION_LENGTH} characters",
        )
    return wanted


def _disks(
    call: Call, image: Image, prefix: str, task_id: str, wanted: str
) -> list[dict[str, Any]]:
    out = []
    for number, device in enumerate(image.devices):
        snapshot = call.services.snapshots.find(call.owner, device.snapshot_id)
        key = object_key(prefix, task_id, number, wanted)
        out.append({"snapshot_id": snapshot.id, "map_id": snapshot.map_id, "key": key})
    return out


def _check_alone(call: Call, image: Image) -> None:
    """One export of an image at a time (the guide, considerations for image export)."""
    token = str(call.params.get("ClientToken", ""))
    records = call.services.tasks.records
    if token and records.by_token(call.owner, "export_image", token):
        return
    for task in records.unfinished():
        if task.job == "export_image" and task.params["image_id"] == image.id:
            raise ApiError(
                "IncorrectState",
                f"The image {image.id} is being exported by {task.id}",
                hint="Wait for that task or cancel it",
            )


ACTION = Action(name="ExportImage", handle=handle)

# SPDX-License-Identifier: Apache-2.0
"""Tasks as the API shows them, the same in the answer to a start and in every description.

Source: aws-behaviour.md 3.1 (state machine), 3.3, 3.6 and 3.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions.ec2._describe import without_none
from vmferry.api.actions.ec2._tasks import progress_members, source_members, tag_members
from vmferry.model.task import TaskState

if TYPE_CHECKING:
    from vmferry.model.task import Task


def import_snapshot(task: Task) -> dict[str, Any]:
    """Return the members of an ImportSnapshotTask."""
    container = task.params["container"]
    detail = {
        **without_none(
            Description=container.get("description") or None,
            Encrypted=task.params.get("encrypted") or None,
            KmsKeyId=task.params.get("kms_key_id") or None,
            Format=task.detail.get("format") or None,
            SnapshotId=task.detail.get("snapshot_id"),
        ),
        "DiskImageSize": float(task.detail.get("size", 0)),
        **progress_members(task),
        **source_members(container),
    }
    return {
        **without_none(Description=task.params.get("description") or None),
        "ImportTaskId": task.id,
        "SnapshotTaskDetail": detail,
        **tag_members(task),
    }


def import_image(task: Task, *, boot_mode: bool = True) -> dict[str, Any]:
    """Return the members of an ImportImageTask; the first answer has no ``BootMode``."""
    detail, params = task.detail, task.params
    members = without_none(
        Architecture=detail.get("architecture"),
        Platform=detail.get("platform"),
        Hypervisor=detail.get("hypervisor"),
        ImageId=detail.get("image_id"),
        BootMode=(detail.get("boot_mode") or None) if boot_mode else None,
        Description=params.get("description") or None,
        Encrypted=params.get("encrypted") or None,
        KmsKeyId=params.get("kms_key_id") or None,
        LicenseType=params.get("license_type") or detail.get("license_type"),
        UsageOperation=params.get("usage_operation") or None,
    )
    disks = [_show_disk(task, disk) for disk in detail.get("disks", [])]
    return {
        **members,
        "ImportTaskId": task.id,
        "SnapshotDetails": disks,
        **progress_members(task),
        **tag_members(task),
    }


def _show_disk(task: Task, disk: dict[str, Any]) -> dict[str, Any]:
    container = task.params["containers"][disk["container"]]
    status = disk.get("status")
    return {
        **without_none(
            Description=container.get("description") or None,
            DeviceName=disk.get("device_name") or None,
            Format=disk.get("format") or None,
            SnapshotId=disk.get("snapshot_id"),
            Status="completed" if task.state is TaskState.COMPLETED else status,
        ),
        "DiskImageSize": float(disk.get("size", 0)),
        **source_members(container),
    }


def export_image(task: Task) -> dict[str, Any]:
    """Return the members of an ExportImageTask."""
    params = task.params
    place = without_none(S3Bucket=params["bucket"], S3Prefix=params.get("prefix") or None)
    members = without_none(Description=params.get("description") or None)
    return {
        **members,
        "ExportImageTaskId": task.id,
        "ImageId": params["image_id"],
        "S3ExportLocation": place,
        **progress_members(task),
        **tag_members(task),
    }

# SPDX-License-Identifier: Apache-2.0
"""Tasks on the wire in states that pass too quickly to be seen. Source: aws-behaviour.md 3.1."""

from __future__ import annotations

from tests.api.actions.ec2.test_tasks import task

from vmferry.api.actions.ec2 import _shown
from vmferry.model.task import TaskState

CONTAINERS = {"containers": [{"bucket": "b", "key": "k", "description": "d"}]}
DISK = {"container": 0, "format": "VMDK", "size": 7, "device_name": "/dev/sda1"}


def test_a_converting_disk_has_a_status_and_no_snapshot() -> None:
    converting = task(
        TaskState.ACTIVE,
        params=CONTAINERS,
        detail={"disks": [{**DISK, "status": "active"}], "boot_mode": "uefi", "platform": "Linux"},
    )
    shown = _shown.import_image(converting)
    assert shown["SnapshotDetails"] == [
        {
            "Description": "d",
            "DeviceName": "/dev/sda1",
            "DiskImageSize": 7.0,
            "Format": "VMDK",
            "Status": "active",
            "UserBucket": {"S3Bucket": "b", "S3Key": "k"},
        }
    ]
    assert (shown["BootMode"], shown["Platform"]) == ("uefi", "Linux")
    assert "BootMode" not in _shown.import_image(converting, boot_mode=False)


def test_the_disks_of_one_appliance_share_their_source() -> None:
    disks = [{**DISK, "snapshot_id": f"snap-{number}"} for number in range(2)]
    shown = _shown.import_image(
        task(TaskState.COMPLETED, params=CONTAINERS, detail={"disks": disks, "image_id": "ami-1"})
    )
    details = shown["SnapshotDetails"]
    assert [disk["SnapshotId"] for disk in details] == ["snap-0", "snap-1"]
    assert [disk["Status"] for disk in details] == ["completed"] * 2
    assert shown["ImageId"] == "ami-1"


def test_a_license_that_was_asked_for_wins_over_what_was_found() -> None:
    for asked, shown in (("AWS", "AWS"), ("", "BYOL")):
        params = {**CONTAINERS, "license_type": asked}
        done = task(TaskState.ACTIVE, params=params, detail={"license_type": "BYOL"})
        assert _shown.import_image(done)["LicenseType"] == shown


def test_an_export_without_prefix_has_none() -> None:
    params = {"bucket": "b", "prefix": "", "image_id": "ami-1"}
    shown = _shown.export_image(task(TaskState.ACTIVE, params=params))
    assert shown["S3ExportLocation"] == {"S3Bucket": "b"}
    assert "Description" not in shown


def test_a_snapshot_import_hides_what_is_not_known_yet() -> None:
    params = {"container": {"url": "s3://b/k"}, "encrypted": False}
    detail = _shown.import_snapshot(task(TaskState.ACTIVE, params=params))["SnapshotTaskDetail"]
    assert set(detail) == {"DiskImageSize", "Progress", "Status", "StatusMessage", "Url"}

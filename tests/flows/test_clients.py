# SPDX-License-Identifier: Apache-2.0
"""What real clients send and wait for, call by call. Source: clients.md; aws-behaviour.md 8."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, WaiterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine
    from tests.fixtures.service import RunningService

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def keys(service: RunningService, small_machine: SmallMachine) -> dict[str, dict[str, str]]:
    """The machine's files in the bucket, as disk containers by their kind."""
    files: dict[str, Path] = {
        "ova": small_machine.ova,
        "vmdk": small_machine.vmdk,
        "raw": small_machine.raw,
    }
    for kind, path in files.items():
        service.client("s3").upload_file(str(path), "bucket-in", f"vm.{kind}")
    return {kind: {"S3Bucket": "bucket-in", "S3Key": f"vm.{kind}"} for kind in files}


def _waiter(attempts: int = 600) -> dict[str, Any]:
    return {"WaiterConfig": {"Delay": 0.1, "MaxAttempts": attempts}}


def test_packer_imports_names_and_cleans_up(
    service: RunningService, keys: dict[str, dict[str, str]]
) -> None:
    ec2 = service.client("ec2")
    params: dict[str, Any] = {
        "DiskContainers": [{"Format": "ova", "UserBucket": keys["ova"]}],
        "Encrypted": False,
        "Platform": "",
        "Architecture": "x86_64",
        "BootMode": "legacy-bios",
        "LicenseType": "BYOL",
        "RoleName": "vmimport",
    }
    task_id = ec2.import_image(**params)["ImportTaskId"]
    while True:
        tasks = ec2.describe_import_image_tasks(ImportTaskIds=[task_id])["ImportImageTasks"]
        assert tasks, "an empty list is an error to Packer"
        assert tasks[0]["Status"] != "deleted", tasks[0]["StatusMessage"]
        if tasks[0]["Status"] == "completed":
            break
        time.sleep(0.1)
    image_id = tasks[0]["ImageId"]
    snapshot = tasks[0]["SnapshotDetails"][0]["SnapshotId"]
    ec2.create_tags(Resources=[image_id, snapshot], Tags=[{"Key": "Name", "Value": "packed"}])
    ec2.deregister_image(ImageId=image_id)
    ec2.delete_snapshot(SnapshotId=snapshot)
    service.client("s3").put_object(Bucket="bucket-in", Key="bad.ova", Body=b"x" * 4096)
    params["DiskContainers"][0]["UserBucket"] = {"S3Bucket": "bucket-in", "S3Key": "bad.ova"}
    failed = service.image_task(ec2.import_image(**params)["ImportTaskId"])
    # Packer dereferences both.
    assert failed["Status"] == "deleted"
    assert failed["StatusMessage"].startswith("ClientError: Disk validation failed [")


def test_terraform_retries_until_the_role_is_there(
    service: RunningService, keys: dict[str, dict[str, str]]
) -> None:
    ec2 = service.client("ec2")
    params: dict[str, Any] = {
        "ClientToken": "terraform-20261124000000000000000001",
        "DiskContainer": {"Format": "VMDK", "UserBucket": keys["vmdk"]},
        "RoleName": "late",
        "TagSpecifications": [
            {"ResourceType": "import-snapshot-task", "Tags": [{"Key": "k", "Value": "v"}]}
        ],
    }
    with pytest.raises(ClientError) as caught:
        ec2.import_snapshot(**params)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameter"
    wanted = "provided does not exist or does not have sufficient permissions"
    assert wanted in error["Message"]
    params["RoleName"] = "vmimport"
    task_id = ec2.import_snapshot(**params)["ImportTaskId"]
    assert ec2.import_snapshot(**params)["ImportTaskId"] == task_id
    pending = {"active", "updating", "validating", "validated", "converting"}
    while True:
        (task,) = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task_id])["ImportSnapshotTasks"]
        detail = task["SnapshotTaskDetail"]
        if detail["Status"] == "completed":
            break
        assert detail["Status"] in pending
        time.sleep(0.1)
    snapshot = ec2.describe_snapshots(SnapshotIds=[detail["SnapshotId"]])["Snapshots"][0]
    assert snapshot["VolumeSize"] == 1
    assert snapshot["Encrypted"] is False
    assert snapshot["StorageTier"] == "standard"
    assert {"OwnerId", "Tags"} <= set(snapshot)


def test_osbuild_names_no_format_and_waits_by_the_sdk(
    service: RunningService, keys: dict[str, dict[str, str]]
) -> None:
    ec2, s3 = service.client("ec2"), service.client("s3")
    assert any(r["RegionName"] == "us-east-1" for r in ec2.describe_regions()["Regions"])
    assert "bucket-in" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_acl(Bucket="bucket-in")["Grants"][0]["Permission"] == "FULL_CONTROL"
    task_id = ec2.import_snapshot(DiskContainer={"UserBucket": keys["raw"]})["ImportTaskId"]
    waiter = ec2.get_waiter("snapshot_imported")
    waiter.wait(ImportTaskIds=[task_id], **_waiter())
    detail = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task_id])["ImportSnapshotTasks"][0][
        "SnapshotTaskDetail"
    ]
    assert detail["Format"] == "RAW"
    snapshot = detail["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], **_waiter())
    ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "Name", "Value": "osbuild"}])
    image_id = ec2.register_image(
        Name="osbuild",
        Architecture="x86_64",
        VirtualizationType="hvm",
        BootMode="uefi-preferred",
        EnaSupport=True,
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image_id], **_waiter())
    ec2.create_tags(Resources=[image_id], Tags=[{"Key": "Name", "Value": "osbuild"}])


def test_a_failed_task_is_no_success_to_the_waiter(
    service: RunningService, keys: dict[str, dict[str, str]]
) -> None:
    ec2 = service.client("ec2")
    container = {"Format": "VMDK", "UserBucket": keys["raw"]}
    task_id = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
    service.snapshot_task(task_id)
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        ec2.get_waiter("snapshot_imported").wait(ImportTaskIds=[task_id], **_waiter(3))


def test_mantle_and_glci_see_only_active_while_they_wait(
    service: RunningService, keys: dict[str, dict[str, str]]
) -> None:
    ec2 = service.client("ec2")
    started = ec2.import_snapshot(
        Description="flatcar", DiskContainer={"UserBucket": keys["vmdk"], "Format": "VMDK"}
    )["ImportTaskId"]
    while True:
        answer = ec2.describe_import_snapshot_tasks()
        assert "NextToken" not in answer
        (task,) = [t for t in answer["ImportSnapshotTasks"] if t.get("Description") == "flatcar"]
        assert task["ImportTaskId"] == started
        if task["SnapshotTaskDetail"]["Status"] != "active":
            break
        assert "SnapshotId" not in task["SnapshotTaskDetail"]
        time.sleep(0.1)
    assert task["SnapshotTaskDetail"]["Status"] == "completed"
    name = {
        "Name": "flatcar",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {"SnapshotId": task["SnapshotTaskDetail"]["SnapshotId"]},
            },
            {"DeviceName": "/dev/xvdb", "VirtualName": "ephemeral0"},
        ],
    }
    ec2.register_image(**name)
    with pytest.raises(ClientError) as caught:
        ec2.register_image(**name)
    assert caught.value.response["Error"]["Code"] == "InvalidAMIName.Duplicate"


def test_nixos_token_holds_over_a_restart(new_service: Callable[..., RunningService]) -> None:
    running = new_service()
    running.prepare("nixos-amis")
    running.client("s3").put_object(Bucket="nixos-amis", Key="nixos.raw", Body=b"nixos" * 1000)
    params: dict[str, Any] = {
        "ClientToken": hashlib.sha256(b"nixos-24.05").hexdigest(),
        "DiskContainer": {
            "Format": "RAW",
            "UserBucket": {"S3Bucket": "nixos-amis", "S3Key": "nixos.raw"},
        },
    }
    first = running.client("ec2").import_snapshot(**params)["ImportTaskId"]
    running.stop()
    running.start()
    ec2 = running.client("ec2")
    assert ec2.import_snapshot(**params)["ImportTaskId"] == first
    ec2.get_waiter("snapshot_imported").wait(ImportTaskIds=[first], **_waiter())

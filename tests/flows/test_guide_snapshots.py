# SPDX-License-Identifier: Apache-2.0
"""The guide's commands that import disks, and the way without modification.

The commands are run by bash as the guide prints them; only ids are replaced. ``R`` forms stand for
commands that it prints broken. Numbers, repairs and expected outputs: aws-behaviour.md 13.
"""

from __future__ import annotations

from typing import Final

import pytest
from tests.fixtures.guide import IN, Guide

pytestmark = pytest.mark.oracle


R11: Final = (
    'aws ec2 import-snapshot --description "My server VM" --disk-container file://containers.json'
)


def test_11_12_and_13_import_a_snapshot(guide: Guide) -> None:
    task = guide.json(R11)
    task_id = task["ImportTaskId"]
    detail = {
        "Description": "My server VM",
        "DiskImageSize": 0.0,
        "Format": "VMDK",
        "Progress": "3",
        "Status": "active",
        "StatusMessage": "pending",
        "UserBucket": {"S3Bucket": IN, "S3Key": "vms/my-server-vm.vmdk"},
    }
    assert task == {
        "Description": "My server VM",
        "ImportTaskId": task_id,
        "SnapshotTaskDetail": detail,
        "Tags": [],
    }
    snapshot = guide.service.snapshot_task(task_id)["SnapshotId"]
    twelfth = """aws ec2 describe-import-snapshot-tasks \\
--import-task-ids import-snap-1234567890abcdef0
"""
    (shown,) = guide.json(twelfth.replace("import-snap-1234567890abcdef0", task_id))[
        "ImportSnapshotTasks"
    ]
    assert shown["SnapshotTaskDetail"]["SnapshotId"] == snapshot
    table = guide.text("""aws ec2 describe-import-snapshot-tasks \\
--query "ImportSnapshotTasks[*].{Description:Description,
ImportTaskId:ImportTaskId, Status:SnapshotTaskDetail.Status, Progress:
SnapshotTaskDetail.Progress, SnapshotID: SnapshotTaskDetail.SnapshotId, S3Key:
SnapshotTaskDetail.UserBucket.S3Key}" \\
--output table
""")
    assert "DescribeImportSnapshotTasks" in table
    # One task is shown in lines, several in columns, as the terminal's width allows.
    for cell in (task_id, "My server VM", "None", "vms/my-server-vm.vmdk", snapshot, "completed"):
        assert f" {cell} " in table


def test_14_cancels_a_snapshot_import(guide: Guide) -> None:
    with guide.service.paused():
        task_id = guide.json(R11)["ImportTaskId"]
        command = "aws ec2 cancel-import-task --import-task-id import-snap-1234567890abcdef0"
        answer = guide.json(command.replace("import-snap-1234567890abcdef0", task_id))
    assert answer["PreviousState"] == "active"
    assert guide.service.snapshot_task(task_id)["Status"] == "deleted"


def test_the_unmodified_flow_registers_an_image(guide: Guide) -> None:
    task_id = guide.json(R11)["ImportTaskId"]
    snapshot = guide.service.snapshot_task(task_id)["SnapshotId"]
    answer = guide.json(
        "aws ec2 register-image --name my-server --architecture x86_64 "
        "--virtualization-type hvm --root-device-name /dev/sda1 --ena-support "
        '--block-device-mappings \'[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "'
        + snapshot
        + "\"}}]'"
    )
    image = guide.json(f"aws ec2 describe-images --image-ids {answer['ImageId']}")["Images"][0]
    assert (image["State"], image["Name"]) == ("available", "my-server")

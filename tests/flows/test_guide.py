# SPDX-License-Identifier: Apache-2.0
"""The guide's commands that import machines.

The commands are run by bash as the guide prints them; only ids are replaced. ``R`` forms stand for
commands that it prints broken. Numbers, repairs and expected outputs: aws-behaviour.md 13.
"""

from __future__ import annotations

import re

import pytest
from tests.fixtures.guide import FIFTH, IN, Guide

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    "option", ["--license-type aws", "--usage-operation RunInstances:0006"], ids=["3", "4"]
)
def test_3_and_4_broken_over_two_lines_are_refused(guide: Guide, option: str) -> None:
    done = guide.run(
        f"aws ec2 import-image {option} --disk-containers  \n"
        "Format=OVA,Url=S3://bucket_name/sql_std_image.ova\n"
    )
    assert "MissingParameter" in done.stderr
    assert "The request must contain the parameter DiskContainer" in done.stderr


def test_r3_and_r4_are_accepted(guide: Guide) -> None:
    third = (
        "aws ec2 import-image --license-type aws --disk-containers "
        "Format=OVA,Url=S3://bucket_name/sql_std_image.ova"
    )
    task = guide.json(third.replace("bucket_name", IN))
    assert task["LicenseType"] == "AWS"
    (disk,) = task["SnapshotDetails"]
    assert disk["Url"] == f"S3://{IN}/sql_std_image.ova"
    assert disk["UserBucket"] == {"S3Bucket": IN, "S3Key": "sql_std_image.ova"}
    fourth = (
        "aws ec2 import-image --usage-operation RunInstances:0006 --disk-containers "
        "Format=OVA,Url=S3://bucket_name/sql_std_image.ova"
    )
    task = guide.json(fourth.replace("bucket_name", IN))
    assert task["UsageOperation"] == "RunInstances:0006"
    assert "LicenseType" not in task
    guide.service.image_task(task["ImportTaskId"])


def test_5_8_and_9_import_an_ova(guide: Guide) -> None:
    task = guide.json(FIFTH)
    assert (task["Status"], task["StatusMessage"]) == ("active", "pending")
    assert re.fullmatch(r"[A-Z][a-z]{2} \d\d \d\d:\d\d My server VM", task["Description"])
    task_id = task["ImportTaskId"]
    guide.service.image_task(task_id)
    eighth = """aws ec2 describe-import-image-tasks \\
--import-task-ids import-ami-1234567890abcdef0
"""
    (shown,) = guide.json(eighth.replace("import-ami-1234567890abcdef0", task_id))[
        "ImportImageTasks"
    ]
    assert shown["ImportTaskId"] == task_id
    assert re.fullmatch("ami-[0-9a-f]{17}", shown["ImageId"])
    (disk,) = shown["SnapshotDetails"]
    assert re.fullmatch("snap-[0-9a-f]{17}", disk["SnapshotId"])
    assert disk["Status"] == shown["Status"] == "completed"
    assert isinstance(disk["DiskImageSize"], float)
    assert disk["UserBucket"] == {"S3Bucket": IN, "S3Key": "vms/my-server-vm.ova"}
    table = guide.text(
        'aws ec2 describe-import-image-tasks --query "ImportImageTasks[*].'
        "{Description:Description, Progress:Progress, Status:Status, ImportTaskId:ImportTaskId, "
        "StatusMessage:StatusMessage}\" --output table | sed 's/\\(.\\{120\\}\\).*/\\1/'"
    )
    assert "DescribeImportImageTasks" in table
    assert re.search(rf"My server VM +\| +{task_id} +\| +None +\| +completed", table), table


def test_what_was_found_on_the_disks_fills_the_task_and_the_image(guide: Guide) -> None:
    """Of what the caller did not say, aws-behaviour.md 3.1 wants what the machine is."""
    task = guide.json(FIFTH.replace('--license-type "AWS" \\\n', ""))
    found = ("Architecture", "Platform", "BootMode", "LicenseType", "ImageId")
    assert not set(found) & set(task)
    done = guide.service.image_task(task["ImportTaskId"])
    assert [done[name] for name in found[:4]] == ["x86_64", "Linux", "legacy-bios", "BYOL"]
    assert done["Description"] == task["Description"]
    image = guide.json(f"aws ec2 describe-images --image-ids {done['ImageId']}")["Images"][0]
    assert image["Architecture"] == "x86_64"
    assert (image["BootMode"], image["PlatformDetails"]) == ("legacy-bios", "Linux/UNIX")
    assert "Platform" not in image
    assert image["UsageOperation"] == "RunInstances"
    assert image["Description"].startswith("AWS-VMImport service: Linux - Debian - ")
    assert (image["Name"], image["EnaSupport"]) == (task["ImportTaskId"], True)


def test_6_imports_two_disks(guide: Guide) -> None:
    task = guide.json("""aws ec2 import-image \\
--description "$(date '+%b %d %H:%M') My server disks" \\
--license-type "AWS" \\
--disk-containers '[
{
    "Description": "First disk",
    "Format": "vmdk",
    "UserBucket": {
        "S3Bucket": "amzn-s3-demo-import-bucket",
        "S3Key": "disks/my-server-vm-disk2.vmdk"
    }
},
{
    "Description": "Second disk",
    "Format": "vmdk",
    "UserBucket": {
        "S3Bucket": "amzn-s3-demo-import-bucket",
        "S3Key": "disks/my-server-vm-disk2.vmdk"
    }
}]'
""")
    shown = [(disk["Description"], disk["Format"]) for disk in task["SnapshotDetails"]]
    assert shown == [("First disk", "VMDK"), ("Second disk", "VMDK")]
    # The guide names the second disk twice: two disks with a system each, which is its defect.
    done = guide.service.image_task(task["ImportTaskId"])
    assert done["Status"] in ("completed", "deleted")


def test_7_is_accepted_and_fails_for_want_of_the_key(guide: Guide) -> None:
    task = guide.json("""aws ec2 import-image \\
--description "$(date '+%b %d %H:%M') My server OVA" \\
--encrypted \\
--kms-key-id 0ea3fef3-80a7-4778-9d8c-1c0c6EXAMPLE \\
--disk-containers '[{
    "Format": "OVA",
    "UserBucket": {
        "S3Bucket": "amzn-s3-demo-import-bucket",
        "S3Key": "vms/my-server-vm.ova"
    }
}]'
""")
    assert task["Encrypted"] is True
    assert task["KmsKeyId"] == "0ea3fef3-80a7-4778-9d8c-1c0c6EXAMPLE"
    done = guide.service.image_task(task["ImportTaskId"])
    assert done["StatusMessage"].startswith(
        "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
    )


def test_10_cancels_an_image_import(guide: Guide) -> None:
    tenth = """aws ec2 cancel-import-task \\
--import-task-id import-ami-1234567890abcdef0
"""
    with guide.service.paused():
        task_id = guide.json(FIFTH)["ImportTaskId"]
        answer = guide.json(tenth.replace("import-ami-1234567890abcdef0", task_id))
    assert answer == {
        "ImportTaskId": task_id,
        "PreviousState": "active",
        "State": "deleting",
    }
    assert guide.service.image_task(task_id)["Status"] == "deleted"

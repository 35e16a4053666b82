# SPDX-License-Identifier: Apache-2.0
"""The guide's commands as it prints them, run by bash with both major versions of the aws CLI.

Only ids are replaced; ``R`` forms stand for commands that the guide prints broken. Numbers, repairs
and expected outputs: aws-behaviour.md 13.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.fixtures.service import ROLE_POLICY, TRUST, V1, V2, RunningService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine

pytestmark = pytest.mark.oracle

IN: Final = "amzn-s3-demo-import-bucket"
OUT: Final = "amzn-s3-demo-export-bucket"

CONTAINERS: Final = """{
  "Description": "My server VM",
  "Format": "VMDK",
"UserBucket": {
    "S3Bucket": "amzn-s3-demo-import-bucket",
    "S3Key": "vms/my-server-vm.vmdk"
}
}
"""


class Guide:
    """A reader of the guide: a shell in a folder with the guide's files, and one aws CLI."""

    def __init__(self, service: RunningService, folder: Path, program: Path) -> None:
        self.service, self.folder = service, folder
        # 2.9, as Debian has it, does not know AWS_ENDPOINT_URL.
        endpoint = f"--endpoint-url {service.url}" if program == V2 else ""
        self._prologue = f'aws() {{ {program} {endpoint} "$@"; }}\n'

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run a command as it is printed."""
        return subprocess.run(
            ["bash", "-c", self._prologue + text],
            cwd=self.folder,
            env=self.service.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def text(self, text: str) -> str:
        """Run a command that must succeed and return what it prints."""
        done = self.run(text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, text: str) -> dict[str, Any]:
        """Run a command that must succeed and return its JSON."""
        found: dict[str, Any] = json.loads(self.text(text))
        return found


@pytest.fixture(scope="module", params=[V1, V2], ids=["v1", "v2"])
def guide(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    small_machine: SmallMachine,
) -> Iterator[Guide]:
    """A fresh account, the guide's files and buckets, and its first two commands."""
    if not request.param.exists():
        pytest.skip(f"{request.param} is not installed; run `make setup`")
    folder = tmp_path_factory.mktemp("guide")
    (folder / "trust-policy.json").write_text(json.dumps(TRUST))
    (folder / "role-policy.json").write_text(json.dumps(ROLE_POLICY))
    (folder / "containers.json").write_text(CONTAINERS)
    running = RunningService(folder / "state")
    running.start()
    try:
        reader = Guide(running, folder, request.param)
        reader.text(f"aws s3 mb s3://{IN} && aws s3 mb s3://{OUT}")
        for path, key in (
            (small_machine.ova, "vms/my-server-vm.ova"),
            (small_machine.ova, "sql_std_image.ova"),
            (small_machine.vmdk, "vms/my-server-vm.vmdk"),
            (small_machine.vmdk, "disks/my-server-vm-disk2.vmdk"),
        ):
            reader.text(f"aws s3 cp --quiet {path} s3://{IN}/{key}")
        _make_the_role(reader)
        yield reader
    finally:
        running.stop()


def _make_the_role(guide: Guide) -> None:
    """R1 and R2."""
    role = guide.json(
        "aws iam create-role --role-name vmimport "
        "--assume-role-policy-document file://trust-policy.json"
    )["Role"]
    assert role["RoleName"] == "vmimport"
    assert role["AssumeRolePolicyDocument"] == TRUST
    printed = guide.text(
        "aws iam put-role-policy --role-name vmimport --policy-name vmimport "
        "--policy-document file://role-policy.json"
    )
    assert printed == ""


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


FIFTH: Final = """aws ec2 import-image \\
--description "$(date '+%b %d %H:%M') My server VM" \\
--license-type "AWS" \\
--disk-containers '[{
  "Format": "OVA",
  "UserBucket": {
    "S3Bucket": "amzn-s3-demo-import-bucket",
    "S3Key": "vms/my-server-vm.ova"
  }
}]'
"""


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


def test_17_and_18_prepare_the_bucket(guide: Guide) -> None:
    assert guide.text("""aws s3api put-bucket-ownership-controls \\
--bucket amzn-s3-demo-export-bucket \\
--ownership-controls='{"Rules":[{"ObjectOwnership":"BucketOwnerPreferred"}]}'
""") == ""  # fmt: skip
    assert guide.text("""aws s3api put-bucket-policy \\
--bucket amzn-s3-demo-export-bucket \\
--policy \\
'{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "GrantReadAcpAndWrite",
      "Effect": "Allow",
      "Principal": {
        "CanonicalUser":
          "c4d8eabf8db69dbe46bfe0e517100c554f01200b104d59cd408e777ba442a322"
      },
      "Action": [
        "s3:GetBucketAcl",
        "s3:PutObject"
      ],
      "Resource": [
        "arn:aws:s3:::amzn-s3-demo-export-bucket",
        "arn:aws:s3:::amzn-s3-demo-export-bucket/*"
      ]
    }
  ]
}'
""") == ""  # fmt: skip
    policy = guide.json(f"aws s3api get-bucket-policy --bucket {OUT}")["Policy"]
    assert json.loads(policy)["Statement"][0]["Sid"] == "GrantReadAcpAndWrite"


EXPORT: Final = """aws ec2 export-image \\
--description "$(date '+%b %d %H:%M') My image export" \\
--image-id ami-1234567890abcdef0 \\
--disk-image-format VMDK \\
--s3-export-location S3Bucket=amzn-s3-demo-export-bucket,S3Prefix=exports/
"""


def test_23_to_26_export_an_image(guide: Guide, small_machine: SmallMachine) -> None:
    done = guide.service.image_task(guide.json(FIFTH)["ImportTaskId"])
    command = EXPORT.replace("ami-1234567890abcdef0", done["ImageId"])
    task = guide.json(command)
    task_id = task["ExportImageTaskId"]
    assert re.fullmatch("export-ami-[0-9a-f]{17}", task_id)
    assert (task["DiskImageFormat"], task["ImageId"]) == ("VMDK", done["ImageId"])
    assert (task["Progress"], task["Status"], task["StatusMessage"]) == (
        "0", "active", "validating",
    )  # fmt: skip
    assert task["S3ExportLocation"] == {"S3Bucket": OUT, "S3Prefix": "exports/"}
    guide.service.export_task(task_id)
    shown = guide.json(f"aws ec2 describe-export-image-tasks --export-image-task-ids {task_id}")[
        "ExportImageTasks"
    ]
    assert [(one["ExportImageTaskId"], one["Status"]) for one in shown] == [(task_id, "completed")]
    table = guide.text(
        'aws ec2 describe-export-image-tasks --query "ExportImageTasks[*].'
        "{Description:Description,ExportImageTaskId:ExportImageTaskId,ImageId:ImageId,"
        'Status:Status,Progress:Progress,S3Bucket:S3ExportLocation.S3Bucket}" --output table'
    )
    assert "DescribeExportImageTasks" in table
    for cell in (task_id, "None", OUT, "completed", done["ImageId"]):
        assert f" {cell} " in table
    exported = guide.folder / "exported.vmdk"
    guide.text(f"aws s3 cp --quiet s3://{OUT}/exports/{task_id}.vmdk {exported}")
    compared = subprocess.run(
        ["qemu-img", "compare", "-f", "vmdk", "-F", "raw", str(exported), str(small_machine.raw)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compared.stdout == "Images are identical.\n", compared.stderr
    cancel = """aws ec2 cancel-export-task \\
--export-task-id export-ami-1234567890abcdef0
"""
    with guide.service.paused():
        task_id = guide.json(command)["ExportImageTaskId"]
        assert guide.text(cancel.replace("export-ami-1234567890abcdef0", task_id)) == ""
    assert guide.service.export_task(task_id)["Status"] == "deleted"
    assert task_id not in guide.text(f"aws s3 ls --recursive s3://{OUT}")


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

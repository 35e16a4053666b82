# SPDX-License-Identifier: Apache-2.0
"""The guide's commands that prepare a bucket and export images.

The commands are run by bash as the guide prints them; only ids are replaced. ``R`` forms stand for
commands that it prints broken. Numbers, repairs and expected outputs: aws-behaviour.md 13.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Final

import pytest
from tests.fixtures.guide import FIFTH, OUT, Guide

if TYPE_CHECKING:
    from tests.fixtures.machines import SmallMachine

pytestmark = pytest.mark.oracle


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

# SPDX-License-Identifier: Apache-2.0
"""ExportImage over the wire. Source: aws-behaviour.md 3.6, 11-X."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService


@pytest.fixture(scope="module")
def image(place: Place, snapshot: str) -> str:
    return place.image("exported", snapshot)


@pytest.fixture
def export(place: Place, image: str) -> dict[str, Any]:
    """The parameters of a good export."""
    return {
        "ImageId": image,
        "DiskImageFormat": "RAW",
        "S3ExportLocation": {"S3Bucket": place.bucket, "S3Prefix": "exports/"},
    }


@pytest.mark.usefixtures("frozen")
def test_the_first_answer_is_that_of_the_guide(place: Place, image: str) -> None:
    answer = place.ec2.export_image(
        Description="My image export",
        ImageId=image,
        DiskImageFormat="VMDK",
        S3ExportLocation={"S3Bucket": place.bucket, "S3Prefix": "exports/"},
        TagSpecifications=[
            {"ResourceType": "export-image-task", "Tags": [{"Key": "k", "Value": "v"}]}
        ],
    )
    del answer["ResponseMetadata"]
    task_id = answer.pop("ExportImageTaskId")
    assert task_id.startswith("export-ami-")
    assert answer == {
        "Description": "My image export",
        "DiskImageFormat": "VMDK",
        "ImageId": image,
        "Progress": "0",
        "S3ExportLocation": {"S3Bucket": place.bucket, "S3Prefix": "exports/"},
        "Status": "active",
        "StatusMessage": "validating",
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    with refused("IncorrectState") as refusal:
        place.ec2.export_image(
            ImageId=image, DiskImageFormat="RAW", S3ExportLocation={"S3Bucket": place.bucket}
        )
    assert f"The image {image} is being exported by {task_id}" in refusal.message
    place.ec2.cancel_export_task(ExportTaskId=task_id)


def _export(place: Place, params: dict[str, Any]) -> dict[str, Any]:
    """Export as soon as the image is free, and return the finished task."""
    for task in place.ec2.describe_export_image_tasks()["ExportImageTasks"]:
        place.export_task(task["ExportImageTaskId"])
    return place.export_task(place.ec2.export_image(**params)["ExportImageTaskId"])


def test_the_object_is_the_disk_and_its_key_that_of_aws(
    place: Place, export: dict[str, Any]
) -> None:
    task = _export(place, export)
    assert not {"Progress", "StatusMessage", "DiskImageFormat"} & set(task)
    assert task["Status"] == "completed"
    key = f"exports/{task['ExportImageTaskId']}.raw"
    exported = place.s3.get_object(Bucket=place.bucket, Key=key)["Body"].read()
    assert exported == place.s3.get_object(Bucket=place.bucket, Key="disk.raw")["Body"].read()


def test_the_prefix_is_optional_and_the_format_any_case(place: Place, image: str) -> None:
    params = {
        "ImageId": image,
        "DiskImageFormat": "vmdk",
        "S3ExportLocation": {"S3Bucket": place.bucket},
    }
    task = _export(place, params)
    assert task["S3ExportLocation"] == {"S3Bucket": place.bucket}
    place.s3.head_object(Bucket=place.bucket, Key=f"{task['ExportImageTaskId']}.vmdk")


def test_every_disk_is_an_object(place: Place, snapshot: str) -> None:
    two = place.image("two disks", snapshot, snapshot)
    task = place.export_task(
        place.ec2.export_image(
            ImageId=two,
            DiskImageFormat="RAW",
            RoleName="vmimport",
            S3ExportLocation={"S3Bucket": place.bucket, "S3Prefix": "two-"},
        )["ExportImageTaskId"]
    )
    stem = f"two-{task['ExportImageTaskId']}"
    listed = place.s3.list_objects_v2(Bucket=place.bucket, Prefix="two-")["Contents"]
    assert [item["Key"] for item in listed] == [f"{stem}-disk2.raw", f"{stem}.raw"]


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound",
         "The image id '[ami-00000000000000000]' does not exist"),
        ({"ImageId": "ami-x"}, "InvalidAMIID.Malformed", 'Invalid id: "ami-x"'),
        ({"DiskImageFormat": "QCOW2"}, "InvalidParameterValue",
         "Value (QCOW2) for parameter diskImageFormat is invalid. Valid value(s): RAW, VHD"),
        ({"DiskImageFormat": "VHDX"}, "InvalidParameterValue", "Valid value(s): RAW, VHD, VMDK"),
        ({"Description": "x" * 256}, "InvalidParameterValue",
         "Description has more than 255 characters"),
        ({"RoleName": "nobody"}, "InvalidParameter",
         "The service role nobody provided does not exist or does not have sufficient permissions"),
        ({"S3ExportLocation": {"S3Bucket": "no-such-bucket"}}, "InvalidParameter",
         "there is no bucket no-such-bucket in this account"),
        ({"TagSpecifications": [{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}]},
         "InvalidParameterValue", "Use export-image-task"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_has_the_text_of_aws(
    place: Place, export: dict[str, Any], change: dict[str, Any], code: str, text: str
) -> None:
    with refused(code) as refusal:
        place.ec2.export_image(**{**export, **change})
    assert text in refusal.message


@pytest.mark.parametrize("prefix", ["../", "a//", "/x", "n\u201bo"])
def test_a_prefix_that_no_key_can_have_is_refused(
    place: Place, export: dict[str, Any], prefix: str
) -> None:
    export["S3ExportLocation"]["S3Prefix"] = prefix
    with refused("InvalidParameter") as refusal:
        place.ec2.export_image(**export)
    assert "no such object can exist" in refusal.message


def test_a_bucket_of_another_region_is_refused(
    place: Place, export: dict[str, Any], cloud: RunningService
) -> None:
    cloud.client("s3", "us-west-2").create_bucket(
        Bucket="bucket-elsewhere", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    export["S3ExportLocation"] = {"S3Bucket": "bucket-elsewhere"}
    with refused("InvalidParameter") as refusal:
        place.ec2.export_image(**export)
    assert refusal.message.startswith("The given S3 object is not local to the region.")


def test_a_bucket_with_sse_kms_is_refused(place: Place, export: dict[str, Any]) -> None:
    name = f"kms-{place.region}"
    place.make_bucket(name)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    place.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    export["S3ExportLocation"] = {"S3Bucket": name}
    with refused("InvalidParameter") as refusal:
        place.ec2.export_image(**export)
    assert refusal.message == (
        f"The S3 bucket {name} is encrypted with SSE-KMS, which is not supported."
    )


def test_a_deregistered_image_is_unavailable(
    place: Place, export: dict[str, Any], snapshot: str
) -> None:
    gone = place.image("gone", snapshot)
    place.ec2.deregister_image(ImageId=gone)
    with refused("InvalidAMIID.Unavailable") as refusal:
        place.ec2.export_image(**{**export, "ImageId": gone})
    assert refusal.message == f"The image id '[{gone}]' is no longer available"


def test_an_image_of_another_region_does_not_exist(
    export: dict[str, Any], cloud: RunningService
) -> None:
    with refused("InvalidAMIID.NotFound"):
        cloud.client("ec2", "us-west-2").export_image(**export)


def test_a_dry_run_and_a_token(place: Place, snapshot: str, export: dict[str, Any]) -> None:
    export["ImageId"] = place.image("token", snapshot)
    dry_run(place.ec2.export_image, **export)
    first = place.ec2.export_image(**export, ClientToken="T", RoleName="vmimport")
    again = place.ec2.export_image(**export, ClientToken="T", RoleName="vmimport")
    assert again["ExportImageTaskId"] == first["ExportImageTaskId"]
    assert (again["DiskImageFormat"], again["RoleName"]) == ("RAW", "vmimport")
    with refused("IdempotentParameterMismatch"):
        place.ec2.export_image(**export, ClientToken="T", Description="other")
    place.export_task(first["ExportImageTaskId"])

# SPDX-License-Identifier: Apache-2.0
"""ImportImage over the wire. Source: aws-behaviour.md 3.1, 9.1, 11-H; clients.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.api.actions.ec2.conftest import GUEST, Place, dry_run, refused

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService


@pytest.fixture(scope="module")
def imported(place: Place) -> dict[str, Any]:
    """A Debian, imported with everything that can be said about it."""
    task = place.ec2.import_image(
        Description="My server",
        Architecture="x86_64",
        BootMode="legacy-bios",
        Platform="linux",
        LicenseType="byol",
        Hypervisor="xen",
        ClientData={"Comment": "any", "UploadSize": 1.5},
        DiskContainers=[
            place.source(GUEST, Format="raw", Description="root", DeviceName="/dev/xvda")
        ],
    )
    return place.image_task(task["ImportTaskId"])


@pytest.mark.usefixtures("frozen")
def test_the_first_answer_is_that_of_aws(place: Place) -> None:
    answer = place.ec2.import_image(
        Description="My disks",
        BootMode="legacy-bios",
        DiskContainers=[
            place.source(GUEST, Format="raw", Description="First disk"),
            place.source(Description="Second disk"),
        ],
    )
    del answer["ResponseMetadata"]
    assert answer.pop("ImportTaskId").startswith("import-ami-")
    assert answer == {
        "Description": "My disks",
        "Progress": "1",
        "Status": "active",
        "StatusMessage": "pending",
        "SnapshotDetails": [
            {
                "Description": "First disk",
                "DiskImageSize": 0.0,
                "Format": "RAW",
                "UserBucket": {"S3Bucket": place.bucket, "S3Key": GUEST},
            },
            {
                "Description": "Second disk",
                "DiskImageSize": 0.0,
                "UserBucket": {"S3Bucket": place.bucket, "S3Key": "disk.raw"},
            },
        ],
        "Tags": [],
    }


def test_a_finished_task_is_that_of_aws(place: Place, imported: dict[str, Any]) -> None:
    task = dict(imported)
    assert task.pop("ImportTaskId").startswith("import-ami-")
    assert task.pop("ImageId").startswith("ami-")
    disk = dict(task.pop("SnapshotDetails")[0])
    assert disk.pop("SnapshotId").startswith("snap-")
    size = place.s3.head_object(Bucket=place.bucket, Key=GUEST)["ContentLength"]
    assert disk == {
        "Description": "root",
        "DeviceName": "/dev/sda1",
        "DiskImageSize": float(size),
        "Format": "RAW",
        "Status": "completed",
        "UserBucket": {"S3Bucket": place.bucket, "S3Key": GUEST},
    }
    assert task == {
        "Architecture": "x86_64",
        "BootMode": "legacy-bios",
        "Description": "My server",
        "LicenseType": "BYOL",
        "Platform": "Linux",
        "Status": "completed",
        "Tags": [],
    }


def test_the_image_is_that_of_aws(place: Place, imported: dict[str, Any]) -> None:
    image = place.ec2.describe_images(ImageIds=[imported["ImageId"]])["Images"][0]
    task_id, account = imported["ImportTaskId"], image["OwnerId"]
    expected = {
        "Name": task_id,
        "ImageLocation": f"{account}/{task_id}",
        "Description": "AWS-VMImport service: Linux - Debian - 6.1.0-10-amd64",
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/sda1",
        "Public": False,
        "EnaSupport": True,
        "BootMode": "legacy-bios",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "State": "available",
        "Tags": [],
    }
    assert {key: image[key] for key in expected} == expected
    assert image["BlockDeviceMappings"] == [
        {
            "DeviceName": "/dev/sda1",
            "Ebs": {
                "DeleteOnTermination": False,
                "Encrypted": False,
                "SnapshotId": imported["SnapshotDetails"][0]["SnapshotId"],
                "VolumeSize": 1,
                "VolumeType": "gp2",
            },
        }
    ]
    assert "Platform" not in image


def test_its_snapshot_is_described_as_aws_does(place: Place, imported: dict[str, Any]) -> None:
    snapshot_id = imported["SnapshotDetails"][0]["SnapshotId"]
    shown = place.ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]
    assert shown["Description"] == (
        f"Created by AWS-VMImport service for {imported['ImportTaskId']}"
    )
    assert shown["VolumeId"] == "vol-ffffffff"


def test_packers_empty_values_and_terraforms_year_1_count_as_absent(place: Place) -> None:
    answer = place.ask(
        "Action=ImportImage&Version=2016-11-15&Platform=&Encrypted=false&Architecture=&BootMode="
        "&ClientData.UploadStart=0001-01-01T00:00:00Z&KmsKeyId=&LicenseType=&RoleName=&DiskContainer.1.Format=raw"
        f"&DiskContainer.1.UserBucket.S3Bucket={place.bucket}"
        f"&DiskContainer.1.UserBucket.S3Key={GUEST}"
    )
    assert answer.status == 200, answer.text
    assert "<encrypted>" not in answer.text
    assert "<licenseType" not in answer.text
    assert "<format>RAW</format>" in answer.text


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"Architecture": "arm64"}, "InvalidParameter",
         "Parameter architecture=arm64 has an invalid format."),
        ({"BootMode": "uefi-preferred"}, "InvalidParameter",
         "Parameter boot-mode=uefi-preferred has an invalid format."),
        ({"Platform": "BeOS"}, "InvalidParameter",
         "Parameter platform=BeOS has an invalid format."),
        ({"LicenseType": "GPL"}, "InvalidParameter",
         "Parameter license-type=GPL has an invalid format."),
        ({"LicenseType": "aws", "UsageOperation": "RunInstances:0006"},
         "InvalidParameterCombination", "LicenseType and UsageOperation cannot be given together"),
        ({"KmsKeyId": "k"}, "InvalidParameterDependency",
         "The parameter [KmsKeyId] requires the parameter Encrypted to be set."),
        ({"RoleName": "nobody"}, "InvalidParameter",
         "does not exist or does not have sufficient permissions. There is no role nobody"),
        ({"TagSpecifications": [{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}]},
         "InvalidParameterValue",
         "'image' is not a valid taggable resource type for this operation."),
        ({"ClientToken": "x" * 65}, "InvalidParameterValue", "parameter clientToken is invalid"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_has_the_text_of_aws(
    place: Place, params: dict[str, Any], code: str, text: str
) -> None:
    with refused(code) as refusal:
        place.ec2.import_image(DiskContainers=[place.source(GUEST)], **params)
    assert text in refusal.message


def test_a_request_without_disks_is_refused(place: Place) -> None:
    with refused("MissingParameter") as refusal:
        place.ec2.import_image()
    assert refusal.message == "The request must contain the parameter DiskContainer"


def test_more_than_21_disks_are_refused(place: Place) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_image(DiskContainers=[place.source()] * 22)
    assert refusal.message == "The number of disks exceeds the limit of 21."


@pytest.mark.parametrize(
    ("container", "code", "text"),
    [
        ({"Format": "QCOW2", "Url": "s3://a/b"}, "InvalidParameter",
         "Parameter disk-image-size=0 has an invalid format. The format is QCOW2"),
        ({"Format": "RAW"}, "MissingParameter", "no source"),
        ({"Url": "s3://a/b", "SnapshotId": "snap-00000000000000000"},
         "InvalidParameterCombination", "Url and SnapshotId"),
        ({"Url": "https://host/x.ova?X-Amz-Signature=y"}, "InvalidParameter",
         "Invalid S3 source location: https://host/x.ova."),
        ({"SnapshotId": "snap-00000000000000000"}, "InvalidSnapshot.NotFound",
         "The snapshot 'snap-00000000000000000' does not exist."),
        ({"SnapshotId": "import-snap-00000000000000000"}, "InvalidSnapshotID.Malformed",
         'Invalid id: "import-snap-00000000000000000"'),
        ({"UserBucket": {"S3Bucket": "no-such-bucket", "S3Key": "k"}}, "InvalidParameter",
         "Invalid S3 source location: there is no bucket no-such-bucket"),
    ],
)  # fmt: skip
def test_a_wrong_container_has_the_text_of_aws(
    place: Place, container: dict[str, Any], code: str, text: str
) -> None:
    with refused(code) as refusal:
        place.ec2.import_image(DiskContainers=[container])
    assert text in refusal.message


def test_a_bucket_of_another_region_is_refused(place: Place) -> None:
    with refused("InvalidParameter") as refusal:
        place.service.client("ec2", "us-west-2").import_image(DiskContainers=[place.source(GUEST)])
    assert refusal.message.startswith(
        "The given S3 object is not local to the region. The object must be located in us-west-2."
    )


def test_a_snapshot_becomes_an_image(place: Place) -> None:
    source = place.snapshot(GUEST)
    task = place.ec2.import_image(DiskContainers=[{"SnapshotId": source}])
    done = place.image_task(task["ImportTaskId"])
    assert done["Status"] == "completed", done
    assert done["SnapshotDetails"][0]["SnapshotId"] != source
    image = place.ec2.describe_images(ImageIds=[done["ImageId"]])["Images"][0]
    assert image["Description"] == "AWS-VMImport service: Linux - Debian - 6.1.0-10-amd64"


def test_the_usage_operation_is_echoed_and_kept(place: Place) -> None:
    answer = place.ec2.import_image(
        UsageOperation="RunInstances:0010", DiskContainers=[place.source(GUEST)]
    )
    assert answer["UsageOperation"] == "RunInstances:0010"
    assert "LicenseType" not in answer
    done = place.image_task(answer["ImportTaskId"])
    image = place.ec2.describe_images(ImageIds=[done["ImageId"]])["Images"][0]
    assert image["UsageOperation"] == "RunInstances:0010"


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Platform": "Windows"}, "the machine is Linux, expected Windows as requested"),
        ({"Architecture": "i386"}, "the machine is x86_64, expected i386 as requested"),
        ({"BootMode": "uefi"}, "the machine cannot be started in boot mode uefi"),
        ({"Encrypted": True, "KmsKeyId": "alias/x"}, "there is no KMS key alias/x"),
    ],
)
def test_what_only_the_disk_can_tell_ends_the_task(
    place: Place, params: dict[str, Any], text: str
) -> None:
    answer = place.ec2.import_image(DiskContainers=[place.source(GUEST)], **params)
    done = place.image_task(answer["ImportTaskId"])
    assert done["Status"] == "deleted"
    assert text in done["StatusMessage"]
    assert not {"Progress", "ImageId"} & set(done)


def test_a_disk_without_a_system_has_the_text_of_aws(place: Place) -> None:
    answer = place.ec2.import_image(DiskContainers=[place.source()])
    done = place.image_task(answer["ImportTaskId"])
    assert done["StatusMessage"].startswith("ClientError: No valid partitions. Not a valid volume.")


def test_encryption_needs_a_key_that_is_there(place: Place) -> None:
    with refused("UnsupportedOperation"):
        place.ec2.import_image(DiskContainers=[place.source(GUEST)], Encrypted=True)


def test_a_dry_run_starts_nothing(place: Place) -> None:
    before = len(place.ec2.describe_import_image_tasks()["ImportImageTasks"])
    dry_run(place.ec2.import_image, DiskContainers=[place.source(GUEST)])
    assert len(place.ec2.describe_import_image_tasks()["ImportImageTasks"]) == before


def test_a_dry_run_answers_with_the_cause_that_the_task_would_end_with(place: Place) -> None:
    before = len(place.ec2.describe_import_image_tasks()["ImportImageTasks"])
    for params, text in (
        (
            {"DiskContainers": [place.source()]},
            "ClientError: No valid partitions. Not a valid volume. (",
        ),
        (
            {"DiskContainers": [place.source(GUEST)], "BootMode": "uefi"},
            (
                "ClientError: No bootable partition found (the machine cannot be started in boot "
                "mode uefi, found legacy-bios. Leave --boot-mode out to take what the disk has)"
            ),
        ),
        (
            {"DiskContainers": [place.source(GUEST)], "Platform": "Windows"},
            "ClientError: Unknown OS / Missing OS files. (the machine is Linux, ",
        ),
    ):
        with refused("InvalidParameter") as refusal:
            place.ec2.import_image(DryRun=True, **params)
        assert refusal.message.startswith(text)
    dry_run(place.ec2.import_image, DiskContainers=[{"SnapshotId": place.snapshot(GUEST)}])
    assert len(place.ec2.describe_import_image_tasks()["ImportImageTasks"]) == before


def test_a_token_gives_the_same_task_again(place: Place, cloud: RunningService) -> None:
    params: dict[str, Any] = {"DiskContainers": [place.source(GUEST)], "ClientToken": "T"}
    first = place.ec2.import_image(**params)["ImportTaskId"]
    assert place.ec2.import_image(**params)["ImportTaskId"] == first
    with refused("IdempotentParameterMismatch"):
        place.ec2.import_image(**params, Description="other")
    # The token is the region's and the action's own.
    with refused("InvalidParameter"):
        cloud.client("ec2", "us-west-2").import_image(**params)
    task = place.ec2.import_snapshot(DiskContainer=place.source(GUEST), ClientToken="T")
    assert task["ImportTaskId"].startswith("import-snap-")
    place.image_task(first)


def test_the_xml_is_what_ec2_writes(place: Place, imported: dict[str, Any]) -> None:
    answer = place.ask(
        f"Action=DescribeImportImageTasks&ImportTaskId.1={imported['ImportTaskId']}", method="GET"
    )
    size = imported["SnapshotDetails"][0]["DiskImageSize"]
    assert answer.stable == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeImportImageTasksResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>UUID</requestId><importImageTaskSet><item>"
        "<architecture>x86_64</architecture><description>My server</description>"
        "<imageId>ami-ID</imageId><importTaskId>import-ami-ID</importTaskId>"
        "<licenseType>BYOL</licenseType><platform>Linux</platform><snapshotDetailSet><item>"
        "<description>root</description><deviceName>/dev/sda1</deviceName>"
        f"<diskImageSize>{size}</diskImageSize><format>RAW</format>"
        "<snapshotId>snap-ID</snapshotId><status>completed</status>"
        f"<userBucket><s3Bucket>{place.bucket}</s3Bucket><s3Key>guest.raw</s3Key></userBucket>"
        "</item></snapshotDetailSet><status>completed</status><tagSet/>"
        "<bootMode>legacy-bios</bootMode></item></importImageTaskSet>"
        "</DescribeImportImageTasksResponse>"
    )

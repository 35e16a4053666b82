# SPDX-License-Identifier: Apache-2.0
"""ImportSnapshot over the wire. Source: aws-behaviour.md 3.3, 1.4, 1.5, 2.2."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.actions.ec2.conftest import DISK_SIZE, Place, dry_run, refused
from tests.fixtures.service import ROLE_POLICY, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

LACKING = "The service role {} provided does not exist or does not have sufficient permissions"


@pytest.fixture
def role(place: Place, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a role with the test's own trust and policy: ``(trust, policy or None)``."""
    trust, policy = request.param
    iam = place.service.client("iam")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))
    if policy is not None:
        iam.put_role_policy(RoleName="other", PolicyName="p", PolicyDocument=json.dumps(policy))
    yield "other"
    if policy is not None:
        iam.delete_role_policy(RoleName="other", PolicyName="p")
    iam.delete_role(RoleName="other")


@pytest.mark.usefixtures("frozen")
def test_the_first_answer_has_every_member_of_the_guide(place: Place) -> None:
    answer = place.ec2.import_snapshot(
        Description="My server VM",
        DiskContainer=place.source(Format="raw", Description="My server disk"),
        TagSpecifications=[
            {
                "ResourceType": "import-snapshot-task",
                "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": ""}],
            }
        ],
    )
    del answer["ResponseMetadata"]
    task_id = answer.pop("ImportTaskId")
    assert task_id.startswith("import-snap-")
    assert len(task_id) == len("import-snap-") + 17
    detail = {
        "Description": "My server disk",
        "DiskImageSize": 0.0,
        "Format": "RAW",
        "Progress": "3",
        "Status": "active",
        "StatusMessage": "pending",
        "UserBucket": {"S3Bucket": place.bucket, "S3Key": "disk.raw"},
    }
    assert answer == {
        "Description": "My server VM",
        "SnapshotTaskDetail": detail,
        "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}],
    }


def test_a_finished_task_has_neither_progress_nor_message(place: Place) -> None:
    task_id = place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"]
    task = place.snapshot_task(task_id)
    detail = task["SnapshotTaskDetail"]
    assert task["Tags"] == []
    assert "Description" not in task
    assert detail.pop("SnapshotId").startswith("snap-")
    assert detail == {
        "DiskImageSize": float(DISK_SIZE),
        "Format": "RAW",
        "Status": "completed",
        "UserBucket": {"S3Bucket": place.bucket, "S3Key": "disk.raw"},
    }


@pytest.mark.parametrize("scheme", ["s3", "S3"])
def test_a_url_is_echoed_with_the_bucket_it_means(place: Place, scheme: str) -> None:
    url = f"{scheme}://{place.bucket}/disk.raw"
    task = place.ec2.import_snapshot(DiskContainer={"Url": url})
    detail = task["SnapshotTaskDetail"]
    assert detail["Url"] == url
    assert detail["UserBucket"] == {"S3Bucket": place.bucket, "S3Key": "disk.raw"}
    assert place.snapshot_end(task["ImportTaskId"])["Status"] == "completed"


@pytest.mark.parametrize(
    ("container", "code", "text"),
    [
        ({}, "MissingParameter", "no source"),
        ({"Format": "RAW"}, "MissingParameter", "no source"),
        ({"Url": "ftp://x/y"}, "InvalidParameter", "Invalid S3 source location: ftp://x/y"),
        ({"Url": "s3://only"}, "InvalidParameter", "bucket 'only', key ''"),
        (
            {"Url": "s3://a/b", "UserBucket": {"S3Bucket": "a", "S3Key": "b"}},
            "InvalidParameterCombination",
            "exactly one of Url, UserBucket and SnapshotId",
        ),
        ({"UserBucket": {"S3Bucket": "no-such-bucket", "S3Key": "b"}}, "InvalidParameter",
         "Invalid S3 source location: there is no bucket no-such-bucket in this account"),
        ({"UserBucket": {"S3Bucket": "a"}}, "InvalidParameter", "key ''"),
    ],
)  # fmt: skip
def test_a_container_without_one_source_is_refused(
    place: Place, container: dict[str, Any], code: str, text: str
) -> None:
    with refused(code) as refusal:
        place.ec2.import_snapshot(DiskContainer=container)
    assert text in refusal.message


def test_a_presigned_url_keeps_its_signature_out_of_the_answer(place: Place) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_snapshot(DiskContainer={"Url": "https://h/x?X-Amz-Signature=secret"})
    assert refusal.message == "Invalid S3 source location: https://h/x. Use s3://bucket/key"


def test_a_missing_object_is_named(place: Place) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source("missing.raw"))
    assert refusal.message.startswith(
        f"Invalid S3 source location: s3://{place.bucket}/missing.raw: "
    )
    assert "it does not exist" in refusal.message


@pytest.mark.parametrize("key", ["../x", "a//b", "/etc/passwd", "a/../../../etc/passwd"])
def test_a_key_never_leaves_the_bucket(place: Place, key: str) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(key))
    assert "no such object can exist" in refusal.message


def test_an_appliance_is_refused_at_once(place: Place) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(Format="OVA"))
    assert refusal.message == (
        "The format OVA is invalid for ImportSnapshot. Valid value(s): VMDK, VHD, VHDX, RAW"
    )


def test_a_bucket_of_another_region_is_refused(place: Place) -> None:
    other = "us-west-2"
    with refused("InvalidParameter") as refusal:
        place.service.client("ec2", other).import_snapshot(DiskContainer=place.source())
    assert refusal.message == (
        "The given S3 object is not local to the region. "
        f"The object must be located in {other}. The bucket {place.bucket} is in {place.region}"
    )


def test_a_role_that_does_not_exist_has_aws_text_and_its_cause(place: Place) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(), RoleName="nobody")
    assert refusal.message.startswith(LACKING.format("nobody"))
    assert "There is no role nobody in account" in refusal.message


_WRONG_ID = json.loads(json.dumps(TRUST).replace("vmimport", "wrong"))
_WRONG_SERVICE = json.loads(json.dumps(TRUST).replace("vmie.", "ec2."))
_NO_READ = json.loads(json.dumps(ROLE_POLICY).replace("s3:GetObject", "s3:GetNothing"))
_DENIED = {
    "Statement": [
        *ROLE_POLICY["Statement"],
        {"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "*"},
    ]
}


@pytest.mark.parametrize(
    ("role", "cause"),
    [
        ((_WRONG_ID, ROLE_POLICY), "sts:ExternalId vmimport"),
        ((_WRONG_SERVICE, ROLE_POLICY), "vmie.amazonaws.com"),
        ((TRUST, None), "s3:GetBucketLocation on arn:aws:s3:::bucket-"),
        ((TRUST, _NO_READ), "s3:GetObject on arn:aws:s3:::bucket-"),
        ((TRUST, _DENIED), "s3:ListBucket on arn:aws:s3:::bucket-"),
    ],
    indirect=["role"],
)
def test_a_role_that_lacks_something_is_told_what(place: Place, role: str, cause: str) -> None:
    with refused("InvalidParameter") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(), RoleName=role)
    assert refusal.message.startswith(LACKING.format("other"))
    assert cause in refusal.message


@pytest.mark.parametrize("role", [(TRUST, ROLE_POLICY)], indirect=True)
def test_another_role_that_is_complete_will_do(place: Place, role: str) -> None:
    task = place.ec2.import_snapshot(DiskContainer=place.source(), RoleName=role)
    assert place.snapshot_end(task["ImportTaskId"])["Status"] == "completed"


def test_a_key_without_encrypted_is_refused(place: Place) -> None:
    with refused("InvalidParameterDependency") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(), KmsKeyId="alias/x")
    assert refusal.message == (
        "The parameter [KmsKeyId] requires the parameter Encrypted to be set."
    )


def test_a_key_is_looked_up_by_the_task(place: Place) -> None:
    answer = place.ec2.import_snapshot(
        DiskContainer=place.source(), Encrypted=True, KmsKeyId="0ea3fef3-80a7-4778"
    )
    assert answer["SnapshotTaskDetail"]["Encrypted"] is True
    assert answer["SnapshotTaskDetail"]["KmsKeyId"] == "0ea3fef3-80a7-4778"
    detail = place.snapshot_end(answer["ImportTaskId"])
    assert detail["Status"] == "deleted"
    assert "Progress" not in detail
    assert "SnapshotId" not in detail
    assert detail["StatusMessage"].startswith(
        "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state ("
    )


def test_a_dry_run_checks_everything_and_starts_nothing(place: Place) -> None:
    before = len(place.ec2.describe_import_snapshot_tasks()["ImportSnapshotTasks"])
    dry_run(place.ec2.import_snapshot, DiskContainer=place.source())
    with refused("InvalidParameter"):
        place.ec2.import_snapshot(DiskContainer=place.source("missing"), DryRun=True)
    with refused("InvalidParameter"):
        place.ec2.import_snapshot(DiskContainer=place.source(), RoleName="nobody", DryRun=True)
    after = len(place.ec2.describe_import_snapshot_tasks()["ImportSnapshotTasks"])
    assert after == before


def test_a_token_gives_the_same_task_again(place: Place) -> None:
    place.put("once.raw", b"\1" * 4096)
    params: dict[str, Any] = {
        "DiskContainer": place.source("once.raw"),
        "ClientToken": "Token-1",
        "Description": "d",
    }
    first = place.ec2.import_snapshot(**params)["ImportTaskId"]
    dry_run(place.ec2.import_snapshot, **params)
    assert place.snapshot_end(first)["Status"] == "completed"
    place.s3.delete_object(Bucket=place.bucket, Key="once.raw")
    again = place.ec2.import_snapshot(**params)
    assert again["ImportTaskId"] == first
    assert again["SnapshotTaskDetail"]["Status"] == "completed"
    assert "SnapshotId" in again["SnapshotTaskDetail"]
    with refused("IdempotentParameterMismatch") as refusal:
        place.ec2.import_snapshot(**{**params, "Description": "other"})
    assert first in refusal.message
    # Tokens are case-sensitive, and another one is another request.
    with refused("InvalidParameter"):
        place.ec2.import_snapshot(**{**params, "ClientToken": "token-1"})


@pytest.mark.parametrize("token", ["x" * 65, "t\u00f6ken"])
def test_a_token_that_aws_refuses_is_refused(place: Place, token: str) -> None:
    with refused("InvalidParameterValue") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(), ClientToken=token)
    assert "for parameter clientToken is invalid" in refusal.message


def test_tags_of_another_type_are_refused(place: Place) -> None:
    spec = [{"ResourceType": "snapshot", "Tags": [{"Key": "k", "Value": "v"}]}]
    with refused("InvalidParameterValue") as refusal:
        place.ec2.import_snapshot(DiskContainer=place.source(), TagSpecifications=spec)
    assert refusal.message == (
        "'snapshot' is not a valid taggable resource type for this operation. "
        "Use import-snapshot-task"
    )


@pytest.mark.parametrize("declared", ["VMDK", "VHD", "VHDX"])
def test_a_wrong_format_ends_the_task(place: Place, declared: str) -> None:
    task = place.ec2.import_snapshot(DiskContainer=place.source(Format=declared))
    detail = place.snapshot_end(task["ImportTaskId"])
    assert detail["Status"] == "deleted"
    assert detail["StatusMessage"].startswith("ClientError: Disk validation failed [Unsupported ")
    assert "SnapshotId" not in detail


@pytest.mark.usefixtures("frozen")
def test_the_xml_is_what_ec2_writes(place: Place) -> None:
    answer = place.ask(
        "Action=ImportSnapshot&Version=2015-10-01&Description=a%26b"
        f"&DiskContainer.Userbucket.S3bucket={place.bucket}&DiskContainer.Userbucket.S3key=disk.raw"
        "&DiskContainer.Format=raw&Encrypted=false&RoleName="
    )
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml;charset=UTF-8"
    assert answer.stable == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ImportSnapshotResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>UUID</requestId><description>a&amp;b</description>"
        "<importTaskId>import-snap-ID</importTaskId>"
        "<snapshotTaskDetail><diskImageSize>0.0</diskImageSize><format>RAW</format>"
        "<progress>3</progress><status>active</status><statusMessage>pending</statusMessage>"
        f"<userBucket><s3Bucket>{place.bucket}</s3Bucket><s3Key>disk.raw</s3Key></userBucket>"
        "</snapshotTaskDetail><tagSet/></ImportSnapshotResponse>"
    )

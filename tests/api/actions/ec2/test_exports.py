# SPDX-License-Identifier: Apache-2.0
"""What both exports refuse, over the wire. Source: aws-behaviour.md 11-W, 11-X."""

from __future__ import annotations

import json
import sqlite3
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import create_engine
from tests.api.actions.ec2.conftest import GUEST, Place, refused

from vmferry.api.actions.ec2._canonical import canonical_user
from vmferry.api.actions.ec2._exports import check_grants
from vmferry.catalog.buckets import Buckets
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService

    from vmferry.api.actions import Call


def _export(place: Place, image: str) -> str:
    return str(
        place.ec2.export_image(
            ImageId=image, DiskImageFormat="RAW", S3ExportLocation={"S3Bucket": place.bucket}
        )["ExportImageTaskId"]
    )


def test_a_disk_of_more_than_1_tib_is_refused(place: Place, snapshot: str) -> None:
    mapping = {"DeviceName": "/dev/sda", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 1025}}
    image = place.ec2.register_image(
        Name="large", RootDeviceName="/dev/sda", BlockDeviceMappings=[mapping]
    )["ImageId"]
    with refused("NotExportable") as refusal:
        _export(place, image)
    assert refusal.message == (
        f"The image ID provided ({image}) has a volume of 1025 GiB, more than 1 TiB, "
        "and is not exportable."
    )


def test_a_snapshot_that_is_gone_is_named(place: Place, cloud: RunningService) -> None:
    gone = place.snapshot()
    image = place.image("without its snapshot", gone)
    # No action removes a snapshot that an image uses: whoever restores half a backup has this.
    with sqlite3.connect(cloud.state_dir / "vmferry.sqlite") as records:
        records.execute("DELETE FROM snapshots WHERE id = ?", (gone,))
    with refused("NotExportable") as refusal:
        _export(place, image)
    assert refusal.message == (
        f"The snapshot ID ({gone}) of the image {image} neither is owned by current user nor had "
        "been previously imported through VMIE."
    )


def test_software_that_aws_licenses_is_refused(place: Place) -> None:
    task = place.ec2.import_image(
        DiskContainers=[place.source(GUEST, Format="RAW")], UsageOperation="RunInstances:0002"
    )
    image = place.image_task(task["ImportTaskId"])["ImageId"]
    with refused("NotExportable") as refusal:
        _export(place, image)
    assert refusal.message == (
        f"The image ID provided ({image}) has software that AWS licenses (RunInstances:0002) "
        "and is not exportable."
    )


def test_an_image_of_another_account_does_not_exist(
    place: Place, snapshot: str, cloud: RunningService
) -> None:
    image = place.image("whose", snapshot)
    with sqlite3.connect(cloud.state_dir / "vmferry.sqlite") as records:
        records.execute("UPDATE images SET account = '999999999999' WHERE id = ?", (image,))
    with refused("InvalidAMIID.NotFound"):
        _export(place, image)


def test_five_at_once_in_a_region(place: Place, snapshot: str, cloud: RunningService) -> None:
    images = [place.image(f"number {number}", snapshot) for number in range(6)]
    with cloud.paused():
        tasks = [_export(place, image) for image in images[:5]]
        with refused("ResourceLimitExceeded") as refusal:
            _export(place, images[5])
        for task in tasks:
            place.ec2.cancel_export_task(ExportTaskId=task)
    assert refusal.message.startswith(
        "Too many export tasks in progress. The limit is 5 for this region."
    )
    for task in tasks:
        place.export_task(task)
    place.export_task(_export(place, images[5]))


def test_a_bucket_with_sse_s3_is_fine(place: Place, snapshot: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    place.s3.put_bucket_encryption(
        Bucket=place.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    task = place.export_task(_export(place, place.image("sse-s3", snapshot)))
    assert task["Status"] == "completed"


class Grants:
    """A bucket and what an instance export says of it."""

    refusal: ApiError

    def __init__(self, place: Place, name: str) -> None:
        self.place, self.name = place, f"{name}-{place.region}"
        self.user = canonical_user(place.region)
        place.make_bucket(self.name)
        self.ownership("BucketOwnerPreferred")

    def ownership(self, rule: str) -> None:
        self.place.s3.put_bucket_ownership_controls(
            Bucket=self.name, OwnershipControls={"Rules": [{"ObjectOwnership": rule}]}
        )

    def policy(self, user: str, *actions: str, effect: str = "Allow") -> dict[str, Any]:
        arn = f"arn:aws:s3:::{self.name}"
        return {
            "Effect": effect,
            "Principal": {"CanonicalUser": user},
            "Action": list(actions),
            "Resource": [arn, f"{arn}/*"],
        }

    def put_policy(self, *statements: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self.place.s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(document))

    @property
    def fine(self) -> bool:
        """Whether an instance export may write there."""
        engine = create_engine(f"sqlite:///{self.place.service.state_dir / 'vmferry.sqlite'}")
        bucket = Buckets(engine).get(self.name)
        engine.dispose()
        assert bucket is not None
        call = cast("Call", SimpleNamespace(region=self.place.region))
        try:
            check_grants(call, bucket)
        except ApiError as error:
            self.refusal = error
            return False
        return True


def test_the_acl_grants_write_and_read_acp(place: Place) -> None:
    bucket = Grants(place, "acl")
    assert not bucket.fine, "a bucket grants nothing by itself"
    assert (bucket.refusal.code, bucket.refusal.status) == ("AuthFailure", 401)
    assert bucket.refusal.message == (
        "vm-import-export@amazon.com must have WRITE and READ_ACL permission on the S3 bucket."
    )
    assert bucket.user in bucket.refusal.hint
    grantee = f"id={bucket.user}"
    place.s3.put_bucket_acl(Bucket=bucket.name, GrantWrite=grantee)
    assert not bucket.fine, "without READ_ACP"
    place.s3.put_bucket_acl(Bucket=bucket.name, GrantWrite=grantee, GrantReadACP=grantee)
    assert bucket.fine
    place.s3.put_bucket_acl(Bucket=bucket.name, GrantFullControl=grantee)
    assert bucket.fine


def test_the_policy_grants_it_as_well(place: Place) -> None:
    bucket = Grants(place, "policy")
    both = ("s3:GetBucketAcl", "s3:PutObject")
    bucket.put_policy(bucket.policy("0" * 64, *both))
    assert not bucket.fine, "to another user"
    bucket.put_policy(bucket.policy(bucket.user, "s3:PutObject"))
    assert not bucket.fine, "half of it"
    bucket.put_policy(bucket.policy(bucket.user, *both))
    assert bucket.fine
    bucket.put_policy(
        bucket.policy(bucket.user, *both), bucket.policy(bucket.user, *both, effect="Deny")
    )
    assert not bucket.fine, "a denial wins"
    bucket.put_policy(bucket.policy(bucket.user, *both))
    bucket.ownership("BucketOwnerEnforced")
    assert not bucket.fine, "an instance export takes no BucketOwnerEnforced"

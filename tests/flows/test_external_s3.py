# SPDX-License-Identifier: Apache-2.0
"""``--s3-endpoint``: the buckets of another S3, here those of a second vmferry."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.service import RunningService


def pair(new_service: Callable[..., RunningService]) -> tuple[RunningService, RunningService]:
    """Return a service with the bucket ``elsewhere`` and one that uses its buckets."""
    outside = new_service(name="outside")
    outside.client("s3").create_bucket(Bucket="elsewhere")
    lines = (outside.state_dir / "credentials").read_text().splitlines()
    keys = dict(line.split(" = ", 1) for line in lines if " = " in line)
    environ = {
        "VMFERRY_S3_ACCESS_KEY": keys["aws_access_key_id"],
        "VMFERRY_S3_SECRET_KEY": keys["aws_secret_access_key"],
    }
    inside = new_service("--s3-endpoint", outside.url, environ=environ, name="inside")
    inside.prepare()
    return outside, inside


def test_import_and_export_go_through_the_external_s3(
    new_service: Callable[..., RunningService], tmp_path: Path
) -> None:
    outside, inside = pair(new_service)
    data = os.urandom(5 * MIB) + bytes(30 * MIB) + os.urandom(100 * KIB)
    inside.client("s3").put_object(Bucket="elsewhere", Key="disk.raw", Body=data)
    assert outside.client("s3").head_object(Bucket="elsewhere", Key="disk.raw")
    container = {"Format": "RAW", "UserBucket": {"S3Bucket": "elsewhere", "S3Key": "disk.raw"}}
    ec2 = inside.client("ec2")
    task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
    detail = inside.snapshot_task(task)
    assert detail["Status"] == "completed", detail
    image = ec2.register_image(
        Name="from elsewhere",
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": detail["SnapshotId"]}}
        ],
    )["ImageId"]
    export = ec2.export_image(
        ImageId=image,
        DiskImageFormat="RAW",
        S3ExportLocation={"S3Bucket": "elsewhere", "S3Prefix": "out/"},
    )["ExportImageTaskId"]
    assert inside.export_task(export)["Status"] == "completed"
    got = tmp_path / "got.raw"
    outside.client("s3").download_file("elsewhere", f"out/{export}.raw", str(got))
    assert got.read_bytes() == data


def test_a_missing_object_is_named(new_service: Callable[..., RunningService]) -> None:
    _outside, inside = pair(new_service)
    where = "Format=RAW,UserBucket={S3Bucket=elsewhere,S3Key=gone}"
    said = inside.aws("ec2", "import-snapshot", "--disk-container", where, check=False)
    assert "(InvalidParameter)" in said
    assert "Invalid S3 source location: s3://elsewhere/gone" in said

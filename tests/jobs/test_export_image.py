# SPDX-License-Identifier: Apache-2.0
"""ExportImage end to end: what comes back is what went in, by qemu-img's word."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from vmferry.jobs.export_image import object_key
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.service import RunningService

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two disks: one with data and holes, one almost empty."""
    folder = tmp_path_factory.mktemp("disks")
    first, second = folder / "first.raw", folder / "second.raw"
    first.write_bytes(os.urandom(3 * MIB) + bytes(70 * MIB) + b"end" * 100_000 + bytes(212))
    with second.open("wb") as out:
        out.seek(200 * MIB + 512)
        out.write(b"x" * 512)
        out.truncate(256 * MIB)
    return [first, second]


@pytest.fixture(scope="module")
def image(jobs_service: RunningService, disks: list[Path]) -> str:
    """An image of both disks."""
    ec2, mappings = jobs_service.client("ec2"), []
    for path, device in zip(disks, ("/dev/sda1", "/dev/sdb"), strict=True):
        jobs_service.client("s3").upload_file(str(path), "bucket-in", path.name)
        container = {"Format": "RAW", "Url": f"s3://bucket-in/{path.name}"}
        task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
        snapshot = jobs_service.snapshot_task(task)["SnapshotId"]
        mappings.append({"DeviceName": device, "Ebs": {"SnapshotId": snapshot}})
    answer = ec2.register_image(
        Name=f"two disks {time.monotonic_ns()}",
        Architecture="x86_64",
        VirtualizationType="hvm",
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=mappings,
    )
    return str(answer["ImageId"])


@pytest.mark.parametrize("wanted", ["RAW", "VMDK", "VHD"])
def test_every_disk_comes_back(
    jobs_service: RunningService, image: str, disks: list[Path], wanted: str, tmp_path: Path
) -> None:
    task = jobs_service.client("ec2").export_image(
        ImageId=image,
        DiskImageFormat=wanted,
        S3ExportLocation={"S3Bucket": "bucket-out", "S3Prefix": "out/"},
    )["ExportImageTaskId"]
    assert jobs_service.export_task(task)["Status"] == "completed"
    kind = wanted.lower()
    for key, disk in zip((f"out/{task}.{kind}", f"out/{task}-disk2.{kind}"), disks, strict=True):
        got = tmp_path / "got"
        jobs_service.client("s3").download_file("bucket-out", key, str(got))
        if kind == "raw":
            assert got.read_bytes() == disk.read_bytes()
        else:
            name = {"vhd": "vpc"}.get(kind, kind)
            if kind == "vmdk":
                subprocess.run(["qemu-img", "check", str(got)], check=True, capture_output=True)
            subprocess.run(
                ["qemu-img", "compare", "-f", name, "-F", "raw", str(got), str(disk)],
                check=True,
                capture_output=True,
            )


def test_a_cancelled_export_leaves_no_object(jobs_service: RunningService, image: str) -> None:
    ec2 = jobs_service.client("ec2")
    task = ec2.export_image(
        ImageId=image,
        DiskImageFormat="VMDK",
        S3ExportLocation={"S3Bucket": "bucket-out", "S3Prefix": "cancelled/"},
    )["ExportImageTaskId"]
    ec2.cancel_export_task(ExportTaskId=task)
    ended = jobs_service.export_task(task)
    assert (ended["Status"], ended["StatusMessage"]) == ("deleted", "User cancelled task")
    listed = jobs_service.client("s3").list_objects_v2(Bucket="bucket-out", Prefix="cancelled/")
    assert listed["KeyCount"] == 0


def test_keys_are_prefix_task_and_format() -> None:
    assert object_key("exports/", "export-ami-1", 0, "VMDK") == "exports/export-ami-1.vmdk"
    assert object_key("", "export-ami-1", 1, "raw") == "export-ami-1-disk2.raw"

# SPDX-License-Identifier: Apache-2.0
"""kill -9 between the parts of an export: the object is right, and no upload is left under way."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.rclone import Rclone
    from tests.fixtures.service import RunningService

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.oracle]

SIZE = 448 * MIB


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk of 448 MiB, most of it data that deflates to half."""
    path = tmp_path_factory.mktemp("disk") / "disk.raw"
    chance = random.Random(3)
    with path.open("wb") as out:
        for position in range(0, SIZE, 2 * MIB):
            out.seek(position)
            if position % (10 * MIB):
                out.write(chance.randbytes(MIB) + position.to_bytes(8) * (MIB // 8))
        out.truncate(SIZE)
    return path


def image_of(service: RunningService, key: str) -> str:
    ec2 = service.client("ec2")
    container = {"Format": "RAW", "UserBucket": {"S3Bucket": "elsewhere", "S3Key": key}}
    detail = service.snapshot_task(ec2.import_snapshot(DiskContainer=container)["ImportTaskId"])
    mapping = {"DeviceName": "/dev/sda", "Ebs": {"SnapshotId": detail["SnapshotId"]}}
    return str(
        ec2.register_image(Name=key, RootDeviceName="/dev/sda", BlockDeviceMappings=[mapping])[
            "ImageId"
        ]
    )


def steps_done(service: RunningService, task: str) -> int:
    """Return how many steps of a task are recorded."""
    with (
        suppress(sqlite3.OperationalError),
        sqlite3.connect(service.state_dir / "tasks.sqlite") as records,
    ):
        query = "SELECT count(*) FROM operation_outputs WHERE workflow_uuid = ?"
        return int(records.execute(query, (task,)).fetchone()[0])
    return 0


@pytest.mark.parametrize("wanted", ["VMDK", "RAW"])
def test_a_kill_at_every_part(
    new_service: Callable[..., RunningService],
    rclone: Rclone,
    disk: Path,
    wanted: str,
    tmp_path: Path,
) -> None:
    service = new_service(environ=rclone.environment)
    service.prepare()
    rclone.client().upload_file(str(disk), "elsewhere", "disk.raw")
    task = service.client("ec2").export_image(
        ImageId=image_of(service, "disk.raw"),
        DiskImageFormat=wanted,
        S3ExportLocation={"S3Bucket": "elsewhere", "S3Prefix": "out/"},
    )["ExportImageTaskId"]
    kills = 0
    while (
        service.client("ec2").describe_export_image_tasks(ExportImageTaskIds=[task])[
            "ExportImageTasks"
        ][0]["Status"]
        == "active"
    ):
        before, deadline = steps_done(service, task), time.monotonic() + 10
        while steps_done(service, task) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        service.kill()
        kills += 1
        assert kills < 60
        service.start()
    ended = service.export_task(task)
    assert ended["Status"] == "completed", ended
    assert kills >= 5
    assert rclone.uploads("elsewhere") == []
    got = tmp_path / "got"
    rclone.client().download_file("elsewhere", f"out/{task}.{wanted.lower()}", str(got))
    compared = subprocess.run(
        ["qemu-img", "compare", "-f", wanted.lower(), "-F", "raw", str(got), str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compared.stdout == "Images are identical.\n", compared.stderr
    assert not list((service.state_dir / "work").iterdir())


def test_a_cancelled_export_leaves_no_upload(
    new_service: Callable[..., RunningService], rclone: Rclone, disk: Path
) -> None:
    service = new_service(environ=rclone.environment)
    service.prepare()
    rclone.client().upload_file(str(disk), "elsewhere", "disk.raw")
    ec2 = service.client("ec2")
    task = ec2.export_image(
        ImageId=image_of(service, "disk.raw"),
        DiskImageFormat="RAW",
        S3ExportLocation={"S3Bucket": "elsewhere", "S3Prefix": "out/"},
    )["ExportImageTaskId"]
    deadline = time.monotonic() + 20
    while not rclone.uploads("elsewhere") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert rclone.uploads("elsewhere") == [f"out/{task}.raw"]
    ec2.cancel_export_task(ExportTaskId=task)
    ended = service.export_task(task)
    assert (ended["Status"], ended["StatusMessage"]) == ("deleted", "User cancelled task")
    assert rclone.uploads("elsewhere") == []
    listed = rclone.client().list_objects_v2(Bucket="elsewhere", Prefix="out/")
    assert listed.get("KeyCount", 0) == 0

# SPDX-License-Identifier: Apache-2.0
"""ImportSnapshot end to end: byte for byte, and one clear cause for every bad disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.fixtures.machines import to_vmdk

from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine
    from tests.fixtures.service import RunningService

pytestmark = pytest.mark.oracle


def run(service: RunningService, data: bytes, key: str, **container: str) -> dict[str, Any]:
    service.client("s3").put_object(Bucket="bucket-in", Key=key, Body=data)
    where = {"S3Bucket": "bucket-in", "S3Key": key}
    answer = service.client("ec2").import_snapshot(DiskContainer={"UserBucket": where, **container})
    return service.snapshot_task(answer["ImportTaskId"])


def test_the_waiter_returns(jobs_service: RunningService) -> None:
    service = jobs_service
    service.client("s3").put_object(Bucket="bucket-in", Key="w", Body=os.urandom(3 * MIB))
    ec2 = service.client("ec2")
    container = {"Format": "RAW", "UserBucket": {"S3Bucket": "bucket-in", "S3Key": "w"}}
    task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
    ec2.get_waiter("snapshot_imported").wait(
        ImportTaskIds=[task], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert service.snapshot_task(task)["SnapshotId"].startswith("snap-")


def test_a_disk_keeps_its_odd_size_and_its_bytes(jobs_service: RunningService) -> None:
    data = os.urandom(700 * KIB) + bytes(MIB) + os.urandom(5 * 512)
    detail = run(jobs_service, data, "odd.raw", Format="raw")
    assert (detail["Status"], detail["Format"]) == ("completed", "RAW")
    assert detail["DiskImageSize"] == len(data)
    assert "Progress" not in detail
    assert "StatusMessage" not in detail


def test_the_format_is_detected(jobs_service: RunningService, small_machine: SmallMachine) -> None:
    detail = run(jobs_service, small_machine.vmdk.read_bytes(), "detected")
    assert (detail["Status"], detail["Format"]) == ("completed", "VMDK")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def damaged(data: bytes) -> bytes:
    """Change bytes in the middle of the compressed grains."""
    at = len(data) // 2
    return data[:at] + bytes(b ^ 0xFF for b in data[at : at + 4096]) + data[at + 4096 :]


@pytest.mark.parametrize(
    ("spoil", "declared", "aws_text", "cause"),
    [
        (cut, "VMDK", "ClientError: ", "vmdk"),
        (damaged, "VMDK", "ClientError: Uncompressed data has", "grain"),
        (bytes, "RAW", "ClientError: Disk validation failed [Unsupported specified file format]",
         "found vmdk, expected raw as declared"),
        (lambda _data: b"nothing of the kind" * 99, "VMDK",
         "ClientError: Disk validation failed [Unsupported specified file format]",
         "found raw, expected vmdk as declared"),
        (lambda _data: b"QFI\xfb" + bytes(MIB), "", "ClientError: Disk validation failed",
         "qcow2, which cannot be read"),
        (lambda _data: b"", "RAW",
         "ClientError: Disk validation failed [Disk image size too large]", "found 0 bytes"),
    ],
    ids=["truncated", "corrupt", "vmdk as raw", "raw as vmdk", "qcow2", "empty"],
)  # fmt: skip
def test_a_bad_disk_has_one_clear_cause(
    jobs_service: RunningService,
    tmp_path: Path,
    spoil: Callable[[bytes], bytes],
    declared: str,
    aws_text: str,
    cause: str,
) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(os.urandom(6 * MIB))
    good = to_vmdk(raw, tmp_path / "disk.vmdk").read_bytes()
    container = {"Format": declared} if declared else {}
    detail = run(jobs_service, spoil(good), "bad", **container)
    assert detail["Status"] == "deleted"
    assert detail["StatusMessage"].startswith(aws_text), detail["StatusMessage"]
    assert cause in detail["StatusMessage"], detail["StatusMessage"]
    assert "SnapshotId" not in detail
    assert str(jobs_service.state_dir) not in detail["StatusMessage"]
    assert not list((jobs_service.state_dir / "work").iterdir())

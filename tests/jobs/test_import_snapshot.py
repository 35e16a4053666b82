# SPDX-License-Identifier: Apache-2.0
"""ImportSnapshot end to end: byte for byte, and one clear cause for every bad disk."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.fixtures.machines import to_vmdk
from tests.formats.vhd.recipes import dynamic_vhd, footer
from tests.formats.vhdx.images import Image

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


def test_a_qcow2_is_detected_and_copied_byte_for_byte(
    jobs_service: RunningService, tmp_path: Path
) -> None:
    """AWS has no name for the format, so it is imported where the request names none."""
    raw, packed = tmp_path / "disk.raw", tmp_path / "disk.qcow2"
    raw.write_bytes(os.urandom(3 * MIB) + bytes(40 * MIB) + b"end" * 100_000 + bytes(32))
    words = ["convert", "-f", "raw", "-O", "qcow2", "-c", str(raw), str(packed)]
    subprocess.run(["qemu-img", *words], check=True)
    detail = run(jobs_service, packed.read_bytes(), "disk.qcow2")
    assert (detail["Status"], detail["Format"]) == ("completed", "QCOW2")
    assert detail["DiskImageSize"] == packed.stat().st_size
    ec2 = jobs_service.client("ec2")
    device = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": detail["SnapshotId"]}}
    image = ec2.register_image(
        Name="qcow2", RootDeviceName="/dev/sda1", BlockDeviceMappings=[device]
    )
    where = {"S3Bucket": "bucket-out", "S3Prefix": "qcow2/"}
    task = ec2.export_image(
        ImageId=image["ImageId"], DiskImageFormat="RAW", S3ExportLocation=where
    )["ExportImageTaskId"]
    assert jobs_service.export_task(task)["Status"] == "completed"
    got = jobs_service.client("s3").get_object(Bucket="bucket-out", Key=f"qcow2/{task}.raw")
    assert got["Body"].read() == raw.read_bytes()


@pytest.mark.parametrize("declared", ["RAW", "VMDK"])
def test_a_qcow2_under_another_name_is_refused(jobs_service: RunningService, declared: str) -> None:
    detail = run(jobs_service, b"QFI\xfb" + bytes(MIB), "lie", Format=declared)
    assert detail["Status"] == "deleted"
    assert f"found qcow2, expected {declared.lower()} as declared" in detail["StatusMessage"]


@pytest.mark.parametrize("kind", ["dynamic", "fixed"])
def test_a_vhd_is_imported(jobs_service: RunningService, tmp_path: Path, kind: str) -> None:
    raw, vhd = tmp_path / "disk.raw", tmp_path / "disk.vhd"
    raw.write_bytes(os.urandom(MIB) + bytes(5 * MIB) + os.urandom(512))
    options = f"subformat={kind},force_size=on"
    words = ["convert", "-f", "raw", "-O", "vpc", "-o", options, str(raw), str(vhd)]
    subprocess.run(["qemu-img", *words], check=True)
    detail = run(jobs_service, vhd.read_bytes(), f"{kind}.vhd", Format="vhd")
    assert (detail["Status"], detail["Format"]) == ("completed", "VHD")
    assert detail["DiskImageSize"] == vhd.stat().st_size


@pytest.mark.parametrize("kind", ["dynamic", "fixed"])
def test_a_vhdx_is_imported(jobs_service: RunningService, tmp_path: Path, kind: str) -> None:
    raw, vhdx = tmp_path / "disk.raw", tmp_path / "disk.vhdx"
    raw.write_bytes(os.urandom(MIB) + bytes(5 * MIB) + os.urandom(512))
    words = ["convert", "-f", "raw", "-O", "vhdx", "-o", f"subformat={kind}", str(raw), str(vhdx)]
    subprocess.run(["qemu-img", *words], check=True)
    detail = run(jobs_service, vhdx.read_bytes(), f"{kind}.vhdx", Format="vhdx")
    assert (detail["Status"], detail["Format"]) == ("completed", "VHDX")
    assert detail["DiskImageSize"] == vhdx.stat().st_size


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
        (lambda _data: bytes(64) + b"\x7f\x10\xda\xbe" + bytes(MIB), "",
         "ClientError: Disk validation failed", "vdi, which cannot be read"),
        (lambda _data: bytes(dynamic_vhd({}, MIB, changes={"kind": 4})), "VHD",
         "ClientError: Footers not identical", "vhd: differencing disk"),
        (lambda _data: footer(MIB + 512) + dynamic_vhd({}, MIB)[512:], "VHD",
         "ClientError: Footers not identical", "vhd: copy of the footer"),
        (lambda _data: bytes(Image(MIB, flags=2).build()), "VHDX",
         "ClientError: Disk validation failed [Unsupported specified file format]",
         "vhdx: the disk is differencing"),
        (lambda _data: b"", "RAW",
         "ClientError: Disk validation failed [Disk image size too large]", "found 0 bytes"),
    ],
    ids=["truncated", "corrupt", "vmdk as raw", "raw as vmdk", "vdi", "vhd with a parent",
         "vhd of two", "vhdx with a parent", "empty"],
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

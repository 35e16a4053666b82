# SPDX-License-Identifier: Apache-2.0
"""Bad input of issue 2: one clear error on the request or on the task, and nothing left behind.

After each the service answers, and its state directory has not grown by a segment, a block map or
a work folder once garbage is collected. Source: aws-behaviour.md 2.2, 2.3.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError
from tests.api.actions.ec2.conftest import wait_until
from tests.fixtures.machines import to_ova, to_vmdk
from tests.fixtures.service import RunningService

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine

pytestmark = pytest.mark.oracle

INVALID: Final = "ClientError: Disk validation failed ["


def kept(service: RunningService) -> set[str]:
    """Return what is stored: segments, maps, work folders."""
    folders = [service.state_dir / name for name in ("blocks", "work")]
    files = [path for folder in folders for path in folder.rglob("*") if path.name != "lock"]
    return {str(path.relative_to(service.state_dir)) for path in files if path.is_file()}


def objects(service: RunningService, bucket: str) -> set[str]:
    """Return the keys of a bucket as the disk has them, unfinished uploads included."""
    root = service.state_dir / "buckets" / bucket
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def clean(service: RunningService) -> Iterator[None]:
    """The service answers after the test, and has stored nothing for good."""
    before = kept(service)
    yield
    assert service.client("sts").get_caller_identity()["Account"]
    wait_until(lambda: kept(service) <= before)
    assert list((service.state_dir / "work").iterdir()) == []


def put(service: RunningService, data: bytes, key: str) -> dict[str, Any]:
    """Store an object and return a disk container that names it."""
    service.client("s3").put_object(Bucket="bucket-in", Key=key, Body=data)
    return {"UserBucket": {"S3Bucket": "bucket-in", "S3Key": key}}


def truncated(data: bytes) -> bytes:
    """An upload that ended halfway."""
    return data[: len(data) // 2]


def corrupt_grain(data: bytes) -> bytes:
    """One byte of the first compressed grain is another."""
    capacity, grain = struct.unpack_from("<QQ", data, 12)
    assert capacity
    at = struct.unpack_from("<Q", data, 64)[0] * 512
    lba, size = struct.unpack_from("<QI", data, at)
    assert lba < capacity
    assert zlib.decompress(data[at + 12 : at + 12 + size])
    assert grain == 128
    middle = at + 12 + size // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


def long_grain(data: bytes) -> bytes:
    """The first grain inflates to more than a grain."""
    at = struct.unpack_from("<Q", data, 64)[0] * 512
    size = struct.unpack_from("<QI", data, at)[1]
    bomb = zlib.compress(bytes(70_000))
    assert len(bomb) <= size
    return data[: at + 8] + struct.pack("<I", len(bomb)) + bomb + data[at + 12 + len(bomb) :]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (truncated, INVALID),
        (corrupt_grain, "ClientError: "),
        (long_grain, "ClientError: Uncompressed data has invalid length"),
        (lambda data: data[:3], INVALID),
        (lambda _data: b"", "ClientError: "),
    ],
    ids=["truncated", "corrupt grain", "long grain", "three bytes", "empty"],
)
def test_a_damaged_vmdk_ends_both_kinds_of_import(
    service: RunningService,
    small_machine: SmallMachine,
    damage: Callable[[bytes], bytes],
    text: str,
) -> None:
    container = {
        **put(service, damage(small_machine.vmdk.read_bytes()), "bad.vmdk"),
        "Format": "VMDK",
    }
    ec2 = service.client("ec2")
    snapshot = service.snapshot_task(ec2.import_snapshot(DiskContainer=container)["ImportTaskId"])
    image = service.image_task(ec2.import_image(DiskContainers=[container])["ImportTaskId"])
    for task in (snapshot, image):
        assert task["Status"] == "deleted"
        assert task["StatusMessage"].startswith(text)
        # One cause, in a sentence that names the object or the structure.
        assert re.search(r"\(.+\)$", task["StatusMessage"])
        assert "Traceback" not in task["StatusMessage"]
        assert str(service.state_dir) not in task["StatusMessage"]


@pytest.mark.usefixtures("clean")
def test_a_wrong_digest_in_the_manifest_is_named(
    service: RunningService, small_machine: SmallMachine, tmp_path: Path
) -> None:
    size = small_machine.raw.stat().st_size
    ova = to_ova({small_machine.vmdk: size}, tmp_path / "bad.ova", wrong_digest=True)
    container = put(service, ova.read_bytes(), "bad.ova")
    task_id = service.client("ec2").import_image(DiskContainers=[container])["ImportTaskId"]
    task = service.image_task(task_id)
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith(INVALID)
    assert small_machine.vmdk.name in task["StatusMessage"]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("declared", ["VMDK", "VHD", "VHDX", "OVA"])
def test_a_wrong_format_ends_the_task(
    service: RunningService, small_machine: SmallMachine, declared: str
) -> None:
    container = {**put(service, small_machine.raw.read_bytes(), "vm.raw"), "Format": declared}
    task_id = service.client("ec2").import_image(DiskContainers=[container])["ImportTaskId"]
    task = service.image_task(task_id)
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith(INVALID)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"S3Bucket": "no-such-bucket"}, "Invalid S3 source location: there is no bucket"),
        ({"S3Key": "no/such/key"}, "Invalid S3 source location: s3://bucket-in/no/such/key: "),
    ],
)
def test_what_is_missing_is_told_at_once(
    service: RunningService, change: dict[str, str], text: str
) -> None:
    container = {"UserBucket": {"S3Bucket": "bucket-in", "S3Key": "k", **change}}
    ec2 = service.client("ec2")
    calls: tuple[tuple[Any, dict[str, Any]], ...] = (
        (ec2.import_snapshot, {"DiskContainer": container}),
        (ec2.import_image, {"DiskContainers": [container]}),
    )
    for call, params in calls:
        with pytest.raises(ClientError) as caught:
            call(**params)
        assert caught.value.response["Error"]["Code"] == "InvalidParameter"
        assert caught.value.response["Error"]["Message"].startswith(text)


@pytest.mark.usefixtures("clean")
def test_an_object_that_vanishes_ends_the_task(service: RunningService) -> None:
    container = put(service, os.urandom(4 * MIB), "soon-gone.raw")
    with service.paused():
        ec2 = service.client("ec2")
        task_id = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
        service.client("s3").delete_object(Bucket="bucket-in", Key="soon-gone.raw")
    task = service.snapshot_task(task_id)
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith("ClientError: ")
    assert "it does not exist" in task["StatusMessage"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB for a state directory."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "vmferry-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"mounting a tmpfs was refused: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_ends_imports_and_exports_and_is_freed_again(small_disk: Path) -> None:
    running = RunningService(small_disk / "state")
    running.start()
    try:
        _fill(running)
    finally:
        running.stop()


def _fill(running: RunningService) -> None:
    running.prepare("bucket-in", "bucket-out")
    ec2 = running.client("ec2")
    good = put(running, os.urandom(6 * MIB), "small.raw")
    snapshot = running.snapshot_task(ec2.import_snapshot(DiskContainer=good)["ImportTaskId"])
    before = kept(running)
    big = put(running, os.urandom(22 * MIB), "big.raw")
    failed = running.snapshot_task(ec2.import_snapshot(DiskContainer=big)["ImportTaskId"])
    assert failed["Status"] == "deleted"
    assert failed["StatusMessage"].startswith("ServerError: Insufficient storage capacity")
    assert "Free space on the disk" in failed["StatusMessage"]
    wait_until(lambda: kept(running) <= before)
    image = ec2.register_image(
        Name="small",
        RootDeviceName="/dev/sda",
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda", "Ebs": {"SnapshotId": snapshot["SnapshotId"]}}
        ],
    )["ImageId"]
    filler = running.state_dir.parent / "filler"
    statistics = os.statvfs(running.state_dir)
    filler.write_bytes(bytes(statistics.f_bavail * statistics.f_frsize - 3 * MIB))
    export = {"ImageId": image, "DiskImageFormat": "RAW"}
    place = {"S3Bucket": "bucket-out", "S3Prefix": "x/"}
    task_id = ec2.export_image(**export, S3ExportLocation=place)["ExportImageTaskId"]
    failed = running.export_task(task_id)
    assert failed["Status"] == "deleted"
    assert failed["StatusMessage"].startswith("ServerError: Insufficient storage capacity")
    assert objects(running, "bucket-out") == set()
    filler.unlink()
    task_id = ec2.export_image(**export, S3ExportLocation=place)["ExportImageTaskId"]
    assert running.export_task(task_id)["Status"] == "completed"


@pytest.mark.usefixtures("clean")
def test_a_vmdk_of_a_tebibyte_of_nothing_is_no_bomb(
    service: RunningService, tmp_path: Path
) -> None:
    raw = tmp_path / "huge.raw"
    with raw.open("xb") as file:
        file.truncate(1 << 40)
    vmdk = tmp_path / "huge.vmdk"
    to_vmdk(raw, vmdk)
    task_id = service.client("ec2").import_image(
        DiskContainers=[put(service, vmdk.read_bytes(), "huge.vmdk")]
    )["ImportTaskId"]
    task = service.image_task(task_id)
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith("ClientError: No valid partitions.")

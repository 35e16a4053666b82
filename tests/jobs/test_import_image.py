# SPDX-License-Identifier: Apache-2.0
"""ImportImage end to end: an OVA and disks become an image; what cannot is refused early."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.fixtures.machines import to_ova, to_vmdk
from tests.guests import drawing

from vmferry.database import connect
from vmferry.guest import Request
from vmferry.jobs.import_image import asked, device_name
from vmferry.tasks.records import TaskRecords
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine
    from tests.fixtures.service import RunningService

pytestmark = pytest.mark.oracle


def run(service: RunningService, *keys: str, **more: Any) -> dict[str, Any]:
    containers = [{"UserBucket": {"S3Bucket": "bucket-in", "S3Key": key}} for key in keys]
    task = service.client("ec2").import_image(DiskContainers=containers, **more)
    return service.image_task(task["ImportTaskId"])


def put(service: RunningService, path: Path, key: str = "") -> str:
    service.client("s3").upload_file(str(path), "bucket-in", key or path.name)
    return key or path.name


def test_an_ova_becomes_an_image(jobs_service: RunningService, small_machine: SmallMachine) -> None:
    task = run(jobs_service, put(jobs_service, small_machine.ova))
    assert task["Status"] == "completed", task
    assert (task["Platform"], task["Architecture"]) == ("Linux", "x86_64")
    assert (task["BootMode"], task["LicenseType"]) == ("legacy-bios", "BYOL")
    (detail,) = task["SnapshotDetails"]
    assert detail["DiskImageSize"] == small_machine.vmdk.stat().st_size
    assert (detail["Format"], detail["DeviceName"], detail["Status"]) == (
        "VMDK",
        "/dev/sda1",
        "completed",
    )
    image = jobs_service.client("ec2").describe_images(ImageIds=[task["ImageId"]])["Images"][0]
    assert image["Name"] == task["ImportTaskId"]
    assert image["Description"].startswith("AWS-VMImport service: Linux - Debian - ")
    assert image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == detail["SnapshotId"]
    assert image["State"] == "available"


def test_two_disks_keep_their_order(
    jobs_service: RunningService, small_machine: SmallMachine, tmp_path: Path
) -> None:
    data = tmp_path / "data.raw"
    data.write_bytes(os.urandom(3 * MIB))
    second = to_vmdk(data, tmp_path / "vm-disk2.vmdk")
    sizes = {small_machine.vmdk: small_machine.raw.stat().st_size, second: 3 * MIB}
    ova = to_ova(sizes, tmp_path / "two.ova")
    task = run(jobs_service, put(jobs_service, ova))
    assert task["Status"] == "completed", task
    devices = [detail["DeviceName"] for detail in task["SnapshotDetails"]]
    assert devices == ["/dev/sda1", "/dev/sdb"]
    apart = run(
        jobs_service, put(jobs_service, small_machine.vmdk), put(jobs_service, second), Platform=""
    )
    assert apart["Status"] == "completed", apart
    image = jobs_service.client("ec2").describe_images(ImageIds=[apart["ImageId"]])["Images"][0]
    assert [item["DeviceName"] for item in image["BlockDeviceMappings"]] == devices


def test_a_snapshot_becomes_an_image(
    jobs_service: RunningService, small_machine: SmallMachine
) -> None:
    ec2 = jobs_service.client("ec2")
    container = {"UserBucket": {"S3Bucket": "bucket-in", "S3Key": "vm.raw"}}
    put(jobs_service, small_machine.raw, "vm.raw")
    task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
    snapshot = jobs_service.snapshot_task(task)["SnapshotId"]
    made = ec2.import_image(DiskContainers=[{"SnapshotId": snapshot}])["ImportTaskId"]
    assert jobs_service.image_task(made)["Status"] == "completed"


@pytest.mark.parametrize(
    ("guest", "aws_text"),
    [
        ("empty", "ClientError: No valid partitions. Not a valid volume."),
        ("no-os", "ClientError: Unknown OS / Missing OS files."),
        ("no-kernel", "ClientError: Unable to determine kernel version."),
        ("i386-bare", "ClientError: No valid partitions. Not a valid volume."),
    ],
)
def test_a_disk_that_is_no_machine_is_refused_before_it_is_copied(
    jobs_service: RunningService, tmp_path: Path, guest: str, aws_text: str
) -> None:
    raw = drawing.draw(drawing.load(guest), tmp_path)[0]
    before = segments(jobs_service)
    task = run(jobs_service, put(jobs_service, raw, f"{guest}.raw"))
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith(f"{aws_text} ("), task["StatusMessage"]
    assert "ImageId" not in task
    assert "Progress" not in task
    assert segments(jobs_service) <= before


def test_a_wrong_manifest_digest_is_named(
    jobs_service: RunningService, small_machine: SmallMachine, tmp_path: Path
) -> None:
    sizes = {small_machine.vmdk: small_machine.raw.stat().st_size}
    ova = to_ova(sizes, tmp_path / "bad.ova", wrong_digest=True)
    task = run(jobs_service, put(jobs_service, ova))
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith(
        "ClientError: Disk validation failed [Unsupported OVA format] (ova: sha256 of vm-disk1.vmdk"
    ), task["StatusMessage"]
    assert "0" * 64 in task["StatusMessage"]


def test_a_boot_mode_that_the_disk_has_not_is_refused(
    jobs_service: RunningService, small_machine: SmallMachine
) -> None:
    task = run(jobs_service, put(jobs_service, small_machine.ova), BootMode="uefi")
    assert task["StatusMessage"] == (
        "ClientError: No bootable partition found (the machine cannot be started in boot mode "
        "uefi, found legacy-bios. Leave --boot-mode out to take what the disk has)"
    )


def test_another_platform_than_requested_is_refused(
    jobs_service: RunningService, small_machine: SmallMachine
) -> None:
    task = run(jobs_service, put(jobs_service, small_machine.ova), Platform="windows")
    assert "the machine is Linux, expected windows as requested" in task["StatusMessage"]


def test_a_key_that_does_not_exist_fails_the_task_as_aws_does(
    jobs_service: RunningService, small_machine: SmallMachine
) -> None:
    key = "0ea3fef3-80a7-4778-9d8c-1c0c6EXAMPLE"
    task = run(jobs_service, put(jobs_service, small_machine.ova), Encrypted=True, KmsKeyId=key)
    assert (task["Encrypted"], task["KmsKeyId"]) == (True, key)
    assert task["StatusMessage"].startswith("Client.InvalidKMSKey.InvalidState: ")
    assert key in task["StatusMessage"]


def test_devices_are_named_in_order() -> None:
    names = [device_name(number) for number in (0, 1, 2, 20)]
    assert names == ["/dev/sda1", "/dev/sdb", "/dev/sdc", "/dev/sdu"]


def test_the_report_is_kept_on_the_task(
    jobs_service: RunningService, small_machine: SmallMachine, tmp_path: Path
) -> None:
    good = run(jobs_service, put(jobs_service, small_machine.ova))
    raw = drawing.draw(drawing.load("no-kernel"), tmp_path)[0]
    bad = run(jobs_service, put(jobs_service, raw, "refused.raw"))
    details = [detail(jobs_service, task["ImportTaskId"]) for task in (good, bad)]
    reports = [each["report"] for each in details]
    assert [report["version"] for report in reports] == [1, 1]
    assert [report["verdict"]["vmferry"] != "refuse" for report in reports] == [True, False]
    assert reports[0]["guest"]["distribution"] == "debian"
    assert reports[0]["bytes_read"] > 0
    assert reports[0]["bytes_total"] == small_machine.ova.stat().st_size
    assert reports[1]["findings"][0]["id"] == "no_kernel"
    assert bad["StatusMessage"].startswith(reports[1]["findings"][0]["aws_text"])


def test_rules_are_told_what_was_asked() -> None:
    params = {
        "architecture": "",
        "boot_mode": "uefi",
        "platform": "",
        "license_type": "BYOL",
        "usage_operation": "",
    }
    assert asked({**params, "role": "x"}) == params
    assert Request(**asked(params)).boot_mode == "uefi"


def detail(service: RunningService, task_id: str) -> dict[str, Any]:
    engine = connect(f"sqlite:///{service.state_dir / 'vmferry.sqlite'}", migrate=False)
    try:
        task = TaskRecords(engine).get(task_id)
    finally:
        engine.dispose()
    assert task is not None
    return task.detail


def segments(service: RunningService) -> set[str]:
    return {path.name for path in (service.state_dir / "blocks" / "segments").rglob("*")}

# SPDX-License-Identifier: Apache-2.0
"""An OVA whose first disk is compressed with gzip(1) and whose second has no file, end to end."""

from __future__ import annotations

import subprocess
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, manifest, ova, ovf, system

from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine
    from tests.fixtures.service import RunningService

pytestmark = pytest.mark.oracle


def appliance(packed: bytes, capacity: int) -> bytes:
    """Return an OVA of a compressed disk and an empty one of 3 GiB, with a manifest."""
    description = ovf(
        system(CONTROLLER + disk_item() + disk_item("ovf:/disk/empty", at=1)),
        files='<File ovf:id="file1" ovf:href="vm%20disk.vmdk.gz" ovf:compression="gzip"'
        f' ovf:size="{len(packed)}"/>',
        disks=f'<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="{capacity}"/>'
        '<Disk ovf:diskId="empty" ovf:capacity="3" ovf:capacityAllocationUnits="byte * 2^30"/>',
    )
    files = [("vm.ovf", description), ("vm disk.vmdk.gz", packed)]
    return ova([*files, ("vm.mf", manifest(files, "sha512"))])


def imported(service: RunningService, key: str, data: bytes) -> dict[str, Any]:
    service.client("s3").put_object(Bucket="bucket-in", Key=key, Body=data)
    container = {"Format": "ova", "UserBucket": {"S3Bucket": "bucket-in", "S3Key": key}}
    task = service.client("ec2").import_image(DiskContainers=[container])["ImportTaskId"]
    return service.image_task(task)


def test_it_is_imported_and_exported(
    service: RunningService, small_machine: SmallMachine, tmp_path: Path
) -> None:
    command = ["gzip", "-c", str(small_machine.vmdk)]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    capacity = small_machine.raw.stat().st_size
    task = imported(service, "vm.ova", appliance(packed, capacity))
    assert task["Status"] == "completed", task
    first, second = task["SnapshotDetails"]
    assert (first["Format"], first["DiskImageSize"]) == ("VMDK", len(packed))
    assert (second["Format"], second["DiskImageSize"]) == ("RAW", 3 * GIB)
    export = service.client("ec2").export_image(
        ImageId=task["ImageId"],
        DiskImageFormat="RAW",
        S3ExportLocation={"S3Bucket": "bucket-out", "S3Prefix": "out/"},
    )["ExportImageTaskId"]
    assert service.export_task(export)["Status"] == "completed"
    got = tmp_path / "got.raw"
    service.client("s3").download_file("bucket-out", f"out/{export}.raw", str(got))
    assert got.read_bytes() == small_machine.raw.read_bytes()


def test_a_bomb_and_a_cut_file_end_in_named_refusals(service: RunningService) -> None:
    piece = zlib.compress(bytes(256 * MIB), 9, zlib.MAX_WBITS | 16)
    task = imported(service, "bomb.ova", appliance(piece * 20, GIB))
    assert task["Status"] == "deleted"
    assert task["StatusMessage"].startswith(
        "ClientError: Disk validation failed [Unsupported OVA format] "
        "(ova: gzip data of vm disk.vmdk.gz at byte "
    )
    assert "expected at most 500 times the " in task["StatusMessage"]
    task = imported(service, "cut.ova", appliance(piece[:50_000], GIB))
    assert task["Status"] == "deleted"
    assert "gzip data of vm disk.vmdk.gz at byte 50000: found its end" in task["StatusMessage"]
    assert "Traceback" not in service.log()

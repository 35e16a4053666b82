# SPDX-License-Identifier: Apache-2.0
"""``vmferry info`` on disks, appliances and what is neither; no service runs."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, item, ova, ovf, system
from tests.formats.qcow2.recipes import fill as cluster
from tests.formats.qcow2.recipes import image
from tests.formats.recipes import fill, sparse_vmdk, stream_vmdk
from tests.house.documents import block
from tests.stores.origin import Origin, make_certificates

from vmferry.cli.commands.info import describe
from vmferry.errors import FormatError, SetupError, SourceError
from vmferry.units import GIB, MIB, human

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService

PROGRAM = Path(sys.executable).parent / "vmferry"
SECTORS = GIB // 512


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.qcow2"
    path.write_bytes(image({0: cluster(0), 9: cluster(9)}, incompatible=1))
    return path


@pytest.fixture
def appliance(tmp_path: Path) -> Path:
    hardware = (
        item(InstanceID=1, ResourceType=3, VirtualQuantity=2)
        + item(InstanceID=2, ResourceType=4, VirtualQuantity=1024, AllocationUnits="MegaBytes")
        + CONTROLLER
        + disk_item()
        + item(InstanceID=9, ResourceType=10)
    )
    path = tmp_path / "my-server-vm.ova"
    disk = bytes(stream_vmdk({1: fill(1)}, SECTORS))
    path.write_bytes(ova([("vm.ovf", ovf(system(hardware))), ("disk1.vmdk", disk)]))
    return path


def _run(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "info", *(str(word) for word in words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb", **environ},
    )


def _json(path: Path) -> Any:
    done = _run(path, "--output", "json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_disk_for_people(disk: Path) -> None:
    done = _run(disk)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"source        {disk}",
        "format        qcow2",
        "file size     3 KiB (3072 bytes)",
        "virtual size  64 KiB (65536 bytes)",
        "allocated     1 KiB (1024 bytes), 1.6%",
        "warning       qcow2: the dirty flag is set: the disk was open when it was copied",
    ]


def test_a_disk_for_programs(disk: Path) -> None:
    assert _json(disk) == {
        "source": str(disk),
        "format": "qcow2",
        "file_size": 3072,
        "virtual_size": 65536,
        "allocated": 1024,
        "allocated_share": 0.0156,
        "create_type": "",
        "warnings": ["qcow2: the dirty flag is set: the disk was open when it was copied"],
    }


def test_an_appliance_for_people(appliance: Path) -> None:
    lines = _run(appliance).stdout.splitlines()
    size = appliance.stat().st_size
    assert lines[0] == f"source          {appliance}"
    assert lines[1:4] == [
        "format          ova",
        f"file size       {human(size)} ({size} bytes)",
        "machine         vm",
    ]
    assert lines[4:] == [
        "guest           -",
        "cpus            2",
        "memory          1 GiB",
        "firmware        -",
        "network         1 cards",
        "disk 1          disk1.vmdk",
        "  controller    scsi",
        "  format        vmdk",
        *[line for line in lines if line.startswith("  file size")],
        "  virtual size  1 GiB (1073741824 bytes)",
        "  allocated     64 KiB (65536 bytes), 0.0%",
        "  create type   streamOptimized",
    ]


def test_an_appliance_for_programs(appliance: Path) -> None:
    found = _json(appliance)
    assert (found["format"], found["file_size"]) == ("ova", appliance.stat().st_size)
    assert (found["machine"]["cpus"], found["machine"]["memory"]) == (2, GIB)
    assert "disks" not in found["machine"]
    (disk,) = found["disks"]
    assert (disk["href"], disk["format"], disk["virtual_size"]) == ("disk1.vmdk", "vmdk", GIB)
    assert (disk["create_type"], disk["warnings"]) == ("streamOptimized", [])


def test_a_capacity_that_the_disk_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "vm.ova"
    path.write_bytes(ova([("vm.ovf", ovf()), ("disk1.vmdk", bytes(sparse_vmdk({}, 2048)))]))
    (disk,) = describe(str(path))["disks"]
    assert disk["warnings"] == ["the OVF says 1073741824 bytes, the disk has 1048576"]


def test_a_compressed_member_and_an_empty_disk(tmp_path: Path) -> None:
    files = '<File ovf:id="file1" ovf:href="disk1.vmdk" ovf:compression="gzip"/>'
    disks = (
        '<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="1048576"/>'
        '<Disk ovf:diskId="more" ovf:capacity="5" ovf:capacityAllocationUnits="byte * 2^30"/>'
    )
    machine = system(CONTROLLER + disk_item() + disk_item("ovf:/disk/more", at=1))
    packed = gzip.compress(bytes(sparse_vmdk({}, 2048)))
    path = tmp_path / "vm.ova"
    path.write_bytes(
        ova([("vm.ovf", ovf(machine, files=files, disks=disks)), ("disk1.vmdk", packed)])
    )
    first, second = describe(str(path))["disks"]
    assert (first["format"], first["compression"]) == ("vmdk", "gzip")
    assert (first["file_size"], first["virtual_size"]) == (len(packed), MIB)
    assert (second["href"], second["format"], second["virtual_size"]) == ("", "raw", 5 * GIB)
    assert second["allocated"] == 0
    assert second["warnings"] == ["the disk is empty: the appliance has no file for it"]
    shown = _run(path).stdout
    assert re.search(r"disk 1 +disk1\.vmdk\n", shown)
    assert re.search(r"compression +gzip\n", shown)
    assert re.search(r"disk 2 +-\n", shown)
    path.write_bytes(ova([("vm.ovf", ovf(files=files)), ("disk1.vmdk", b"\x1f\x8b" * 300)]))
    assert "gzip data of disk1.vmdk at byte 0: found Error -3" in _run(path).stderr


def test_the_holes_of_a_raw_disk(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.seek(3 * MIB)
        file.write(b"x" * MIB)
        file.truncate(8 * MIB)
    found = describe(str(path))
    assert (found["format"], found["virtual_size"], found["allocated"]) == ("raw", 8 * MIB, MIB)
    assert found["allocated_share"] == 0.125
    (tmp_path / "empty").touch()
    assert describe(str(tmp_path / "empty"))["allocated_share"] == 0


def test_a_raw_file_may_be_no_disk(tmp_path: Path) -> None:
    path = tmp_path / "vm.ovf"
    for data in (b"", ovf(), bytes(10_000)):
        path.write_bytes(data)
        assert describe(str(path))["warnings"] == [
            "raw: no partition table begins in the first sector, so this may be no disk at all"
        ]
    path.write_bytes(bytes(510) + b"\x55\xaa" + bytes(512))
    assert describe(str(path))["warnings"] == []


def test_links_and_relative_names(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(disk.parent)
    Path("link").symlink_to(disk)
    assert describe("link")["format"] == describe("./disk.qcow2")["format"] == "qcow2"


def test_a_name_does_not_steer_the_terminal(tmp_path: Path) -> None:
    description = ovf(system(CONTROLLER + disk_item(), name="a\x85\u202eb"))
    path = tmp_path / "vm.ova"
    path.write_bytes(ova([("vm.ovf", description), ("disk1.vmdk", bytes(sparse_vmdk({}, 128)))]))
    assert "machine         a��b\n" in _run(path).stdout


def test_a_refusal_is_one_line_and_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    path.write_bytes(image({}, backing_offset=300, backing_length=9))
    done = _run(path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: qcow2: the image has a backing file at byte 8, expected a disk in one file\n"
        "hint: Make one file of it with: qemu-img convert -O qcow2\n"
    )


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("/nowhere/disk", SourceError, "/nowhere/disk: cannot be read: No such file or directory"),
        ("/proc", SourceError, "proc: not a regular file"),
        ("ftp://h/disk", SourceError, "ftp:// is not read, expected a file, s3://BUCKET/KEY or ht"),
        ("https://h:x/disk", SourceError, "url: cannot be read"),
        ("s3://bucket/key", SetupError, "s3://bucket/key: no S3 is configured"),
    ],
)
def test_what_cannot_be_opened(
    source: str, kind: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VMFERRY_S3_ENDPOINT", raising=False)
    with pytest.raises(kind) as caught:
        describe(source)
    assert message in str(caught.value)


def test_a_disk_that_is_known_but_not_read(tmp_path: Path) -> None:
    path = tmp_path / "disk.vdi"
    path.write_bytes(bytes(64) + b"\x7f\x10\xda\xbe" + bytes(500))
    with pytest.raises(FormatError, match="has the format vdi, which cannot be read"):
        describe(str(path))


def test_another_output_is_refused(disk: Path) -> None:
    done = _run(disk, "--output", "yaml")
    assert done.returncode == 2
    assert "yaml" in done.stderr


@pytest.mark.oracle
def test_an_object_of_a_bucket(service: RunningService, disk: Path) -> None:
    """The service's own buckets are an S3 like any other."""
    service.client("s3").put_object(Bucket="bucket-in", Key="a/disk", Body=disk.read_bytes())
    lines = (service.state_dir / "credentials").read_text().splitlines()
    keys = dict(line.split(" = ", 1) for line in lines if " = " in line)
    done = _run(
        "s3://bucket-in/a/disk",
        "--output=json",
        VMFERRY_S3_ENDPOINT=service.url,
        VMFERRY_S3_ACCESS_KEY=keys["aws_access_key_id"],
        VMFERRY_S3_SECRET_KEY=keys["aws_secret_access_key"],
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["allocated"] == 1024


def test_a_presigned_url(disk: Path, tmp_path: Path) -> None:
    """Over TLS; what stands after the question mark is a secret and is not shown."""
    ca, certificate = make_certificates(tmp_path)
    origin = Origin(disk.read_bytes(), certificate)
    try:
        done = _run(f"{origin.url}/a/disk?X-Amz-Signature=5ec7e7", SSL_CERT_FILE=str(ca))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[0] == f"source        {origin.url}/a/disk"
        assert "allocated     1 KiB (1024 bytes), 1.6%" in done.stdout.splitlines()
        done = _run(f"{origin.url}/a/disk?X-Amz-Signature=5ec7e7")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"error: {origin.url}/a/disk: TLS with the host failed: ")
        assert "5ec7e7" not in done.stderr
    finally:
        origin.close()


def test_the_block_of_the_operations(appliance: Path) -> None:
    for line in block("info").splitlines():
        words = shlex.split(line)
        assert words[:2] == ["vmferry", "info"]
        done = subprocess.run(
            [PROGRAM, *words[1:]], cwd=appliance.parent, capture_output=True, check=False
        )
        assert done.returncode == 0


def test_it_starts_without_the_service(disk: Path) -> None:
    """A start loads neither the task engine, the HTTP server, the database nor an S3 client."""
    code = "import sys\nfrom vmferry.cli.main import build\n"
    code += (
        "try:\n build()(['info', sys.argv[1]])\nexcept SystemExit as end:\n assert not end.code\n"
    )
    code += "print(*{'dbos', 'uvicorn', 'sqlalchemy', 'botocore', 'starlette'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, disk], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == ""

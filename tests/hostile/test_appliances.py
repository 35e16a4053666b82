# SPDX-License-Identifier: Apache-2.0
"""Hostile appliances: each ends in a named refusal of its task, and nothing else happens.

The rows of hostile-input.md about tar, OVF and gzip. Nothing outside is read or contacted: a port
listens where the descriptions point to, and hears nothing.
"""

from __future__ import annotations

import gzip
import io
import os
import socket
import tarfile
import zlib
from typing import TYPE_CHECKING, Final

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, manifest, ova, ovf, system
from tests.appliances.test_tar import patched

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine
    from tests.fixtures.service import RunningService

ARCHIVE: Final = "ClientError: Disk validation failed [Unsupported OVA format] (ova: "
PARSING: Final = "ClientError: Disk validation failed [OVF file parsing error: "
DISK: Final = b"disk" * 500
LAUGHS: Final = "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "lol"}">' for number in range(12)
)


def member(kind: bytes = tarfile.REGTYPE, name: str = "disk1.vmdk", link: str = "") -> bytes:
    """Return an OVA whose disk is of another type, or has another name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(sized("vm.ovf", ovf()), io.BytesIO(ovf()))
        info = sized(name, DISK if kind == tarfile.REGTYPE else b"")
        info.type, info.linkname = kind, link
        archive.addfile(info, io.BytesIO(DISK))
    return out.getvalue()


def sized(name: str, content: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info


def described(description: bytes, disk: bytes = DISK) -> bytes:
    return ova([("vm.ovf", description), ("disk1.vmdk", disk)])


def file_at(href: str, more: str = "") -> bytes:
    return described(ovf(files=f'<File ovf:id="file1" ovf:href="{href}"{more}/>'))


def signed_wrongly() -> bytes:
    files = [("vm.ovf", ovf()), ("disk1.vmdk", DISK)]
    certificate = (
        b"SHA256(vm.mf)= 00\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    )
    return ova([files[0], ("vm.mf", manifest(files)), ("vm.cert", certificate), files[1]])


def archives() -> dict[str, tuple[bytes, str]]:
    """Return archives by name, with the beginning of what their tasks must say."""
    files = [("vm.ovf", ovf()), ("disk1.vmdk", DISK)]
    good = described(ovf())
    second = good.index(b"disk1.vmdk", 512 + len(ovf()))
    found = {
        "hard link": member(tarfile.LNKTYPE, link="/etc/passwd"),
        "symbolic link": member(tarfile.SYMTYPE, link="/etc/passwd"),
        "device": member(tarfile.BLKTYPE),
        "FIFO": member(tarfile.FIFOTYPE),
        "directory": member(tarfile.DIRTYPE),
        "sparse member": member(tarfile.GNUTYPE_SPARSE),
        "parent folder": member(name="../disk1.vmdk"),
        "absolute name": member(name="/tmp/disk1.vmdk"),
        "folder": member(name="a/disk1.vmdk"),
        "twice": ova([*files, files[1]]),
        "huge size": patched(good, 124, b"\x80" + b"\x7f" * 11, second),
        "negative size": patched(good, 124, b"\xff" * 12, second),
        "cut": good[: second + 700],
        "missing file": file_at("disk2.vmdk"),
        "digest": ova([("vm.ovf", ovf(more="<a/>")), files[1], ("vm.mf", manifest(files))]),
        "manifest without the disk": ova([*files, ("vm.mf", manifest(files[:1]))]),
        "wrong certificate": signed_wrongly(),
        "no archive": b"PK\3\4" * 1000,
    }
    return {name: (data, ARCHIVE) for name, data in found.items()}


def descriptions(port: int) -> dict[str, tuple[bytes, str]]:
    """Return archives whose descriptions are hostile; some name a port of this machine."""
    url = f"http://127.0.0.1:{port}/x"
    entity = f'<!DOCTYPE Envelope [<!ENTITY x SYSTEM "{url}">]>'
    laughs = f"<!DOCTYPE Envelope [{LAUGHS}]>"
    many = CONTROLLER + "".join(disk_item(at=at) for at in range(22))
    found = {
        "external entity": described(ovf(head=entity, more="<Info>&x;</Info>")),
        "billion laughs": described(ovf(head=laughs, more="<Info>&l11;</Info>")),
        "external definition": described(ovf(head=f'<!DOCTYPE Envelope SYSTEM "{url}">')),
        "deep": described(ovf(more="<a>" * 200 + "</a>" * 200)),
        "long": described(b" " * (3 * MIB)),
        "URL": file_at(url),
        "file URL": file_at("file:///etc/passwd"),
        "path": file_at("/etc/passwd"),
        "escapes": file_at("%2e%2e%2fdisk1.vmdk"),
    }
    chunked = file_at("disk1.vmdk", ' ovf:chunkSize="100"')
    return {
        **{name: (data, PARSING) for name, data in found.items()},
        "chunks": (chunked, f"{PARSING}OVA with chunked disk files is not supported]"),
        "many disks": (
            described(ovf(system(many))),
            "ClientError: The number of disks exceeds the limit of 21.",
        ),
    }


def compressed() -> dict[str, tuple[bytes, str]]:
    """Return archives with a gzip file that inflates without end, and one that ends too early."""
    files = '<File ovf:id="file1" ovf:href="disk1.vmdk" ovf:compression="gzip"/>'
    bomb = zlib.compress(bytes(128 * MIB), 9, zlib.MAX_WBITS | 16) * 20
    cut = gzip.compress(os.urandom(5000))[:4000]
    start = f"{ARCHIVE}gzip data of disk1.vmdk at byte "
    return {
        "bomb": (described(ovf(files=files), bomb), start),
        "cut gzip": (described(ovf(files=files), cut), f"{start}4000: found its end"),
    }


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    """A port of this machine that nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_each_is_refused_by_name_and_the_service_goes_on(
    service: RunningService, small_machine: SmallMachine, ear: socket.socket
) -> None:
    ec2, s3 = service.client("ec2"), service.client("s3")

    def begin(key: str) -> str:
        container = {"Format": "OVA", "UserBucket": {"S3Bucket": "bucket-in", "S3Key": key}}
        return str(ec2.import_image(DiskContainers=[container])["ImportTaskId"])

    tasks = {}
    cases = archives() | descriptions(ear.getsockname()[1]) | compressed()
    for name, (data, _) in cases.items():
        s3.put_object(Bucket="bucket-in", Key=name, Body=data)
        tasks[name] = begin(name)
    s3.upload_file(str(small_machine.ova), "bucket-in", "good.ova")
    good = begin("good.ova")
    for name, task in tasks.items():
        done = service.image_task(task)
        assert done["Status"] == "deleted", name
        assert done["StatusMessage"].startswith(cases[name][1]), (name, done["StatusMessage"])
        assert str(service.state_dir) not in done["StatusMessage"], name
    assert service.image_task(good)["Status"] == "completed"
    with pytest.raises(BlockingIOError):
        ear.accept()
    assert "Traceback" not in service.log()
    assert left(service.state_dir / "work") == []


def left(folder: Path) -> list[str]:
    """Return the work folders that tasks left behind."""
    return [path.name for path in folder.iterdir()] if folder.exists() else []

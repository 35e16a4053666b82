# SPDX-License-Identifier: Apache-2.0
"""OVF descriptions and OVA archives, good and bad."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from vmferry.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

RASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
VSSD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
VMW = "http://www.vmware.com/schema/ovf"


class MemorySource:
    """A source in memory that counts its reads."""

    def __init__(self, data: bytes, name: str = "vm.ova") -> None:
        self.data = data
        self.name = name
        self.size = len(data)
        self.reads: list[tuple[int, int]] = []

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(f"{self.name}: {offset} + {length} is not inside {self.size}")
        self.reads.append((offset, length))
        return self.data[offset : offset + length]


def item(**fields: object) -> str:
    """Return an ``Item`` with these elements of CIM."""
    inside = "".join(f"<rasd:{key}>{value}</rasd:{key}>" for key, value in fields.items())
    return f"<Item>{inside}</Item>"


CONTROLLER = item(InstanceID=3, ResourceType=6)


def disk_item(disk: str = "ovf:/disk/vmdisk1", parent: object = 3, at: object = 0) -> str:
    """Return a disk drive on a controller."""
    return item(
        InstanceID=f"d{disk}", ResourceType=17, HostResource=disk, Parent=parent, AddressOnParent=at
    )


def system(hardware: str, more: str = "", name: str = "vm") -> str:
    """Return a virtual system."""
    return (
        f'<VirtualSystem ovf:id="{name}"><Info/>{more}'
        f"<VirtualHardwareSection><Info/>{hardware}</VirtualHardwareSection></VirtualSystem>"
    )


def ovf(
    systems: str | None = None,
    *,
    files: str = '<File ovf:id="file1" ovf:href="disk1.vmdk"/>',
    disks: str = '<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="1"'
    ' ovf:capacityAllocationUnits="byte * 2^30"/>',
    more: str = "",
    head: str = "",
    namespace: str = "http://schemas.dmtf.org/ovf/envelope/1",
) -> bytes:
    """Return a description; by default of one machine with one disk."""
    systems = system(CONTROLLER + disk_item()) if systems is None else systems
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        f'<Envelope xmlns="{namespace}" xmlns:ovf="{namespace}"'
        f' xmlns:rasd="{RASD}" xmlns:vssd="{VSSD}" xmlns:vmw="{VMW}">'
        f"<References>{files}</References><DiskSection><Info/>{disks}</DiskSection>"
        f"{more}{systems}</Envelope>"
    ).encode()


def ova(members: Iterable[tuple[str, bytes]], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """Return a tar archive with these files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def manifest(members: Iterable[tuple[str, bytes]], algorithm: str = "sha256") -> bytes:
    """Return a manifest of these files."""
    lines = [
        f"{algorithm.upper()}({name})= {hashlib.new(algorithm, content).hexdigest()}\n"
        for name, content in members
    ]
    return "".join(lines).encode()


def samples() -> Path:
    """Return the folder of samples that other projects made."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("VMFERRY_TEST_DATA", beside))

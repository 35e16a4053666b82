# SPDX-License-Identifier: Apache-2.0
"""OVAs that are written: read by us, by tarfile, sha256sum and qemu-img."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from tests.appliances.machines import machines
from tests.appliances.ovf.schema import violations
from tests.appliances.recipes import MemorySource

from vmferry.appliances import OvaWriter, open_appliance, verify_digest
from vmferry.errors import FormatError, ServiceError
from vmferry.model.machine import ApplianceDisk, Machine
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.machines import SmallMachine

TWO = Machine(name="My server", disks=(ApplianceDisk(capacity=GIB), ApplianceDisk(capacity=5)))


def write(out: io.BytesIO, machine: Machine, files: list[bytes]) -> Machine:
    writer = OvaWriter(out, machine)
    for data in files:
        at = writer.begin_disk()
        assert out.tell() == at
        assert at % 512 == 0
        out.write(data)
        digest = hashlib.sha256(data).hexdigest()
        writer.end_disk(size=len(data), sha256=digest, populated=len(data))
    return writer.finish()


def test_the_order_of_the_standard() -> None:
    out = io.BytesIO()
    write(out, TWO, [b"first" * 200, b""])
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == [
            "My-server.ovf",
            "My-server.mf",
            "My-server-disk1.vmdk",
            "My-server-disk2.vmdk",
        ]
        for member in members:
            assert member.isreg()
            assert (member.mode, member.uid, member.gid, member.mtime) == (0o644, 0, 0, 0)
        description = archive.extractfile(members[0])
        assert description is not None
        assert violations(description.read()) == []
    assert out.getvalue().endswith(bytes(1024))
    assert len(out.getvalue()) % 512 == 0


@settings(max_examples=60)
@given(machine=machines(most_disks=6))
def test_what_is_written_is_read(machine: Machine) -> None:
    out, again = io.BytesIO(), io.BytesIO()
    files = [bytes([number]) * (number * 300) for number, _ in enumerate(machine.disks)]
    written = write(out, machine, files)
    assert write(again, machine, files) == written
    assert again.getvalue() == out.getvalue()
    appliance = open_appliance(MemorySource(out.getvalue()))
    assert appliance.machine == written
    for disk, data in zip(appliance.machine.disks, files, strict=True):
        file = appliance.disk_file(disk)
        assert file.read_at(0, file.size) == data
        digest = appliance.digest_of(disk)
        assert digest is not None
        verify_digest(file, digest)


def test_a_machine_that_was_read_is_written_again() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    written = write(first, TWO, [b"a", b"b" * 1000])
    read = open_appliance(MemorySource(first.getvalue())).machine
    assert write(second, read, [b"a", b"b" * 1000]) == written
    assert first.getvalue() == second.getvalue()


def test_a_disk_of_many_gibibytes_is_a_hole_away(tmp_path: Path) -> None:
    path = tmp_path / "big.ova"
    size = 9 * GIB + 1
    with path.open("wb") as out:
        writer = OvaWriter(out, replace(TWO, disks=TWO.disks[:1]))
        writer.begin_disk()
        writer.end_disk(size=size, sha256="0" * 64)
        (disk,) = writer.finish().disks
    with tarfile.open(path) as archive:
        member = archive.getmember(disk.href)
        assert (member.size, member.offset_data) == (size, disk.offset)
    listed = subprocess.run(["tar", "-tvf", str(path)], capture_output=True, text=True, check=True)
    assert str(size) in listed.stdout
    assert listed.stderr == ""
    assert path.stat().st_blocks * 512 < MIB


def test_the_plan_is_kept() -> None:
    writer = OvaWriter(io.BytesIO(), replace(TWO, disks=TWO.disks[:1]))
    with pytest.raises(ServiceError, match=r"^ova: 0 disks are written, expected 1$"):
        writer.finish()
    writer.begin_disk()
    writer.end_disk(size=0, sha256="0" * 64)
    with pytest.raises(ServiceError, match=r"^ova: all 1 disks are written already$"):
        writer.begin_disk()
    with pytest.raises(FormatError, match="capacity of disk 1: found none"):
        OvaWriter(io.BytesIO(), Machine(disks=(ApplianceDisk(),)))


@pytest.mark.oracle
def test_other_programs_read_it(small_machine: SmallMachine, tmp_path: Path) -> None:
    path = tmp_path / "vm.ova"
    data = small_machine.vmdk.read_bytes()
    capacity = small_machine.raw.stat().st_size
    with path.open("wb") as out:
        writer = OvaWriter(out, Machine(name="vm", disks=(ApplianceDisk(capacity=capacity),)))
        at = writer.begin_disk()
        with path.open("r+b") as own:
            own.seek(at)
            own.write(data)
        writer.end_disk(size=len(data), sha256=hashlib.sha256(data).hexdigest())
        (disk,) = writer.finish().disks
    window = {"driver": "raw", "offset": disk.offset, "size": disk.length}
    file = {**window, "file": {"driver": "file", "filename": str(path)}}
    inside = f"json:{json.dumps({'driver': 'vmdk', 'file': file})}"
    compared = subprocess.run(
        ["qemu-img", "compare", inside, str(small_machine.raw)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert compared.stdout == "Images are identical.\n", compared.stderr
    subprocess.run(["tar", "-xf", "vm.ova"], cwd=tmp_path, check=True)
    lines = (tmp_path / "vm.mf").read_text().splitlines()
    sums = [(line.partition("= ")[2], line[7 : line.index(")")]) for line in lines]
    assert [name for _, name in sums] == ["vm.ovf", "vm-disk1.vmdk"]
    (tmp_path / "sums").write_text("".join(f"{value}  {name}\n" for value, name in sums))
    subprocess.run(["sha256sum", "-c", "--quiet", "sums"], cwd=tmp_path, check=True)

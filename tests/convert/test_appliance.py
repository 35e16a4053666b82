# SPDX-License-Identifier: Apache-2.0
"""Disks and their machine into an OVA that we, tar, sha256sum and qemu-img read."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, SparseDisk

from vmferry.appliances import open_appliance
from vmferry.convert import compare_disks, locate
from vmferry.convert.appliance import convert_appliance
from vmferry.formats import open_disk
from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard
from vmferry.stores import Access
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.model.disk import DiskLocation

ACCESS = Access()


@pytest.mark.oracle
def test_two_disks_and_a_machine(
    place: Callable[..., DiskLocation], disk: SparseDisk, tmp_path: Path
) -> None:
    second = SparseDisk(3 * GIB, {GIB: b"second"})
    locations = [place("vhdx"), place("vmdk", other=second)]
    machine = Machine(
        name="my server",
        cpus=4,
        memory=8 * GIB,
        firmware="efi",
        disks=(ApplianceDisk(controller="sata"), ApplianceDisk(controller="nvme")),
        cards=(NetworkCard(),),
    )
    path = tmp_path / "vm.ova"
    path.touch()
    written = convert_appliance(locations, machine, ACCESS, path, jobs=2)
    assert written.size == path.stat().st_size
    assert written.virtual_size == disk.size + second.size
    found = open_appliance(FileSource(path)).machine
    assert (found.name, found.cpus, found.memory, found.firmware) == (
        "my server", 4, 8 * GIB, "efi",
    )  # fmt: skip
    assert [each.controller for each in found.disks] == ["sata", "nvme"]
    assert [each.capacity for each in found.disks] == [disk.size, second.size]
    for place_of, location in zip(locate(f"file://{path}", ACCESS).disks, locations, strict=True):
        assert compare_disks(place_of, location, (ACCESS, ACCESS)).first is None
    _check_with_others(path, tmp_path / "unpacked", second)


def _check_with_others(path: Path, folder: Path, second: SparseDisk) -> None:
    with tarfile.open(path) as archive:
        names = archive.getnames()
        archive.extractall(folder, filter="data")
    assert [name.rpartition(".")[2] for name in names] == ["ovf", "mf", "vmdk", "vmdk"]
    manifest = (folder / names[1]).read_text()
    for name in (names[0], *names[2:]):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert f"SHA256({name})= {digest}\n" in manifest
    check = ["qemu-img", "check", "-f", "vmdk", str(folder / names[3])]
    subprocess.run(check, check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert open_disk(FileSource(folder / names[3]), "vmdk").read_at(GIB, 6) == b"second"
    assert second.size == 3 * GIB


def test_a_disk_without_a_machine(place: Callable[..., DiskLocation], tmp_path: Path) -> None:
    path = tmp_path / "vm.ova"
    path.touch()
    convert_appliance([place("raw", other=SparseDisk(MIB, {}))], Machine(name="vm"), ACCESS, path)
    found = open_appliance(FileSource(path)).machine
    assert (found.name, len(found.disks)) == ("vm", 1)

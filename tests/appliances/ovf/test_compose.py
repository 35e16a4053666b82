# SPDX-License-Identifier: Apache-2.0
"""Descriptions that are written follow the schema, and are read as what they were written from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from tests.appliances.machines import machines
from tests.appliances.ovf.schema import violations

from vmferry.appliances.ovf import parse_ovf
from vmferry.appliances.ovf.complete import complete
from vmferry.appliances.ovf.compose import STREAM_OPTIMIZED, compose_ovf, file_stem
from vmferry.errors import FormatError
from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard

if TYPE_CHECKING:
    from vmferry.appliances.ovf import DiskReference

SERVER = complete(
    Machine(
        name="<Server> & co",
        cpus=4,
        cores_per_socket=2,
        memory=3 << 30,
        firmware="efi",
        os_id=96,
        os_type="debian12_64Guest",
        cards=(NetworkCard(network="LAN"), NetworkCard(network="DMZ"), NetworkCard(network="LAN")),
        disks=(ApplianceDisk(href="a b.vmdk", capacity=5 << 30, populated=7, length=3),),
    )
)


def placed(references: tuple[DiskReference, ...]) -> tuple[ApplianceDisk, ...]:
    """Return the disks as if each file had the length that its description promises."""
    return tuple(replace(disk, length=size or 0) for _, disk, size in references)


def test_a_machine_as_vmware_s_products_read_it() -> None:
    text = compose_ovf(SERVER).decode()
    assert violations(text.encode()) == []
    for line in (
        '<File ovf:href="a%20b.vmdk" ovf:id="file1" ovf:size="3"/>',
        '<Disk ovf:capacity="5368709120" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk1"',
        f' ovf:fileRef="file1" ovf:format="{STREAM_OPTIMIZED}" ovf:populatedSize="7"/>',
        "<Name>&lt;Server&gt; &amp; co</Name>",
        '<VirtualSystem ovf:id="Server-co">',
        '<OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest">',
        "<vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>",
        '<vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket>',
        '<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>',
        "<rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>",
        "<rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>",
    ):
        assert text.count(line) == 1, line
    assert text.count('<Network ovf:name="LAN"/>') == 1
    assert text.count("<rasd:Connection>LAN</rasd:Connection>") == 2


@given(machine=machines())
def test_what_is_written_is_read(machine: Machine) -> None:
    full = complete(machine)
    data = compose_ovf(full)
    assert data == compose_ovf(full)
    assert violations(data) == []
    read, references = parse_ovf(data)
    assert replace(read, disks=placed(references)) == full


def test_a_compressed_disk_and_an_empty_one() -> None:
    disks = (
        ApplianceDisk(href="a.gz", length=5, capacity=9, compression="gzip", controller="ide"),
        ApplianceDisk(capacity=7, controller="ide"),
    )
    data = compose_ovf(replace(SERVER, disks=disks))
    assert violations(data) == []
    assert placed(parse_ovf(data)[1]) == disks


def test_a_disk_without_a_size_is_refused() -> None:
    with pytest.raises(FormatError, match=r"^ovf: capacity of disk 1: found none, expected bytes$"):
        compose_ovf(complete(Machine(disks=(ApplianceDisk(href="a"),))))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Web server (1)", "Web-server-1"),
        ("../../etc", "etc"),
        ("Größe", "Gr-e"),
        ("", "vm"),
        ("—", "vm"),
        ("a" * 300, "a" * 64),
    ],
)
def test_names_of_files(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_the_validator_finds_what_is_wrong() -> None:
    good = compose_ovf(SERVER).decode()
    for old, new, message in (
        (' ovf:diskId="vmdisk1"', "", "Disk: no ['diskId']"),
        ("<Info>A virtual machine</Info>", "", "VirtualSystem: 0 of Info"),
        (' ovf:size="3"', ' ovf:bytes="3"', "File: ['bytes'] is no attribute of the standard"),
        ("<rasd:Parent>3<", "<rasd:Parent>99<", "Parent: ["),
        ("<rasd:Address>0</rasd:Address>", "<rasd:Zone>0</rasd:Zone>", "are not in the order"),
        ('<Network ovf:name="DMZ"/>', "", "networks {'LAN'}, connected "),
    ):
        assert any(message in found for found in violations(good.replace(old, new).encode())), old
    swapped = good.replace("References", "X").replace("DiskSection", "References")
    assert violations(swapped.replace("X>", "DiskSection>").encode()) != []

# SPDX-License-Identifier: Apache-2.0
"""What each product says of a machine, in its own way, becomes the same facts."""

from __future__ import annotations

import pytest
from tests.appliances.ovf import producers

from vmferry.appliances.ovf import parse_ovf
from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard, Product
from vmferry.units import GIB, MIB

FOUND = {
    producers.vcenter: Machine(
        name="web",
        cpus=4,
        cores_per_socket=2,
        memory=8 * GIB,
        firmware="efi",
        hardware="vmx-19",
        os_id=101,
        os_type="rhel9_64Guest",
        os_description="Red Hat Enterprise Linux 9 (64-bit)",
        product=Product(name="Web shop", vendor="Example", full_version="2.1.7"),
        cards=(NetworkCard(network="VM Network", adapter="VmxNet3"),),
        disks=(
            ApplianceDisk(
                href="web-1.vmdk",
                capacity=16 * GIB,
                populated=2 * GIB,
                controller="scsi",
                adapter="VirtualSCSI",
            ),
            ApplianceDisk(
                href="web-2.vmdk",
                capacity=512 * MIB,
                controller="sata",
                adapter="vmware.sata.ahci",
            ),
        ),
    ),
    producers.virtualbox: Machine(
        name="box",
        cpus=2,
        memory=2 * GIB,
        firmware="efi",
        hardware="virtualbox-2.2",
        os_id=94,
        os_description="Ubuntu_64",
        cards=(NetworkCard(network="NAT", adapter="E1000"),),
        disks=(
            ApplianceDisk(
                href="box-disk001.vmdk", capacity=20 * GIB, controller="sata", adapter="AHCI"
            ),
            ApplianceDisk(href="box-disk002.vmdk", capacity=GIB, controller="sata", adapter="AHCI"),
        ),
    ),
    producers.xencenter: Machine(
        name="win2019",
        cpus=2,
        memory=4 * GIB,
        firmware="efi",
        hardware="hvm-3.0-unknown",
        os_id=112,
        os_description="Microsoft Windows Server 2019",
        cards=(NetworkCard(mac="c6:9a:0b:11:22:33", network="n1"),),
        disks=(
            ApplianceDisk(href="system.vhd", capacity=24 * GIB),
            ApplianceDisk(href="data.vhd", capacity=5 * GIB, populated=0),
        ),
    ),
    producers.ovirt: Machine(
        name="node",
        cpus=4,
        cores_per_socket=2,
        memory=4 * GIB,
        firmware="efi",
        hardware="ENGINE 4.5.0.0",
        os_id=80,
        os_description="rhel_9x64",
        cards=(NetworkCard(mac="56:6f:12:34:56:78", network="ovirtmgmt", adapter="virtio"),),
        disks=(
            ApplianceDisk(
                href="i-0f1e2d3c-0000-4000-8000-000000000001",
                capacity=10 * GIB,
                populated=11,
                controller="scsi",
            ),
            ApplianceDisk(
                href="i-0f1e2d3c-0000-4000-8000-000000000002", capacity=GIB, populated=22
            ),
        ),
    ),
    producers.nutanix: Machine(
        name="vm one",
        cpus=2,
        memory=4 * GIB,
        os_id=1,
        cards=(NetworkCard(mac="50:6b:8d:11:22:33"),),
        disks=(
            ApplianceDisk(href="vm one-disk-0.qcow2", capacity=40 * GIB, controller="scsi"),
            ApplianceDisk(href="vm one-disk-1.qcow2", capacity=2 * GIB, controller="scsi"),
        ),
    ),
    producers.proxmox: Machine(
        name="vm-100",
        cpus=1,
        memory=512 * MIB,
        disks=(
            ApplianceDisk(
                href="vm-100-disk-0.raw.gz", compression="gzip", controller="nvme", adapter="nvme"
            ),
            ApplianceDisk(
                href="vm-100-disk-1.raw.gz", compression="gzip", controller="nvme", adapter="nvme"
            ),
        ),
    ),
}


@pytest.mark.parametrize("producer", FOUND, ids=lambda producer: str(producer.__name__))
def test_a_machine_of(producer: object) -> None:
    assert callable(producer)
    machine, references = parse_ovf(producer().encode())
    disks = tuple(disk for _, disk, _ in references)
    expected = FOUND[producer]
    assert disks == expected.disks
    for name in Machine.__slots__:
        if name != "disks":
            assert getattr(machine, name) == getattr(expected, name), name


@pytest.mark.parametrize("value", ["bios", ""])
def test_vmware_s_word_for_a_bios_or_none(value: str) -> None:
    config = f'<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="{value}"/>'
    assert parse_ovf(producers.vcenter(config).encode())[0].firmware == value

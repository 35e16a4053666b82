# SPDX-License-Identifier: Apache-2.0
"""What a machine does not know is filled in with what deploys everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.appliances.machines import machines

from vmferry.appliances.ovf.complete import complete
from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard, Product
from vmferry.units import GIB


def test_a_disk_alone_becomes_a_machine() -> None:
    found = complete(Machine(disks=(ApplianceDisk(capacity=9),)))
    assert found == Machine(
        name="vm",
        cpus=1,
        memory=GIB,
        hardware="vmx-10",
        os_id=1,
        disks=(ApplianceDisk(capacity=9, controller="scsi", adapter="lsilogic"),),
    )


@pytest.mark.parametrize(
    ("hardware", "controller", "family"),
    [
        ("vmx-8 vmx-7", "scsi", "vmx-8 vmx-7"),
        ("", "sata", "vmx-10"),
        ("virtualbox-2.2", "nvme", "vmx-13"),
    ],
)
def test_the_family_of_hardware(hardware: str, controller: str, family: str) -> None:
    machine = Machine(hardware=hardware, disks=(ApplianceDisk(controller=controller),))
    assert complete(machine).hardware == family


@pytest.mark.parametrize(("cpus", "cores", "left"), [(8, 4, 4), (8, 3, 0), (0, 2, 0), (4, 0, 0)])
def test_cores_divide_the_processors(cpus: int, cores: int, left: int) -> None:
    assert complete(Machine(cpus=cpus, cores_per_socket=cores)).cores_per_socket == left


def test_adapters_belong_to_their_controllers() -> None:
    disks = (
        ApplianceDisk(controller="scsi", adapter="VirtualSCSI"),
        ApplianceDisk(controller="", adapter="VirtualSCSI"),
        ApplianceDisk(controller="ide"),
        ApplianceDisk(controller="sata"),
        ApplianceDisk(controller="ide", adapter="PIIX4"),
        ApplianceDisk(controller="sata", adapter="AHCI"),
        ApplianceDisk(controller="scsi", adapter="someother, lsilogic"),
    )
    found = complete(Machine(disks=disks)).disks
    assert [disk.controller for disk in found] == [
        "scsi", "scsi", "ide", "sata", "ide", "sata", "scsi",
    ]  # fmt: skip
    assert [disk.adapter for disk in found] == [
        "VirtualSCSI", "VirtualSCSI", "", "vmware.sata.ahci", "", "vmware.sata.ahci",
        "someother, lsilogic",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("os_type", "os_description", "adapter"),
    [
        ("windows2019srv_64Guest", "", "lsilogicsas"),
        ("winNetEnterprise64Guest", "", "lsilogicsas"),
        ("", "Microsoft Windows 10 (64-bit)", "lsilogicsas"),
        ("ubuntu64Guest", "Ubuntu", "lsilogic"),
    ],
)
def test_windows_has_a_driver(os_type: str, os_description: str, adapter: str) -> None:
    disks = (ApplianceDisk(), ApplianceDisk(controller="scsi", adapter="VirtualSCSI"))
    machine = Machine(os_type=os_type, os_description=os_description, disks=disks)
    assert [disk.adapter for disk in complete(machine).disks] == [adapter, "VirtualSCSI"]


def test_cards_and_products() -> None:
    cards = (
        NetworkCard(mac="AA:BB"),
        NetworkCard(adapter="virtio"),
        NetworkCard(adapter="VmxNet3"),
    )
    found = complete(Machine(cards=cards, product=Product(vendor="x")))
    assert found.cards == (
        NetworkCard(mac="aa:bb", network="VM Network", adapter="E1000"),
        NetworkCard(network="VM Network", adapter="E1000"),
        NetworkCard(network="VM Network", adapter="VmxNet3"),
    )
    assert found.product is None


@given(machine=machines())
def test_a_complete_machine_stays_as_it_is(machine: Machine) -> None:
    assert complete(complete(machine)) == complete(machine)

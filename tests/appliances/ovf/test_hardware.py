# SPDX-License-Identifier: Apache-2.0
"""Virtual hardware: what counts, and the order of the disks."""

from __future__ import annotations

import pytest
from tests.appliances.recipes import disk_item, item, ovf, system

from vmferry.appliances.ovf.hardware import DiskItem, Hardware, parse_hardware
from vmferry.appliances.ovf.xml import child, parse_envelope
from vmferry.errors import FormatError


def hardware(items: str, configuration: str = "") -> Hardware:
    virtual_system = child(parse_envelope(ovf(system(items))), "VirtualSystem")
    assert virtual_system is not None
    section = child(virtual_system, "VirtualHardwareSection")
    assert section is not None
    return parse_hardware(section, configuration)


def test_processors_memory_and_cards() -> None:
    found = hardware(
        item(InstanceID=1, ResourceType=3, VirtualQuantity=4, AllocationUnits="hertz * 10^6")
        + item(InstanceID=2, ResourceType=4, VirtualQuantity=2, AllocationUnits="byte * 2^30")
        + item(InstanceID=8, ResourceType=10, Address="00:50:56:AB:CD:EF")
        + item(InstanceID=9, ResourceType=10)
        + item(InstanceID=10, ResourceType=15)
    )
    assert (found.cpus, found.memory) == (4, 2 << 30)
    assert found.macs == ("00:50:56:ab:cd:ef", "")
    assert found.disks == ()
    assert found.firmware == ""
    assert hardware(item(ResourceType=4, VirtualQuantity=64)).memory == 64 << 20


def test_disks_come_by_controller_and_address() -> None:
    drives = [("ovf:/disk/e", 4, 0), ("/disk/c", 3, 10), ("ovf:/disk/b", 3, 2), ("d", 3, "x")]
    found = hardware(
        "".join(disk_item(*drive) for drive in drives)
        + item(InstanceID=4, ResourceType=20, ResourceSubType="vmware.sata.ahci")
        + item(InstanceID=3, ResourceType=6, ResourceSubType="lsilogic")
        + item(InstanceID=5, ResourceType=20, ResourceSubType="vmware.nvme.controller")
        + item(InstanceID="ide", ResourceType=5)
        + disk_item("ovf:/disk/f", 5)
        + disk_item("ovf:/disk/a", "ide")
        + disk_item("ovf:/disk/g", "nobody")
    )
    assert found.disks == (
        DiskItem("ovf:/disk/b", "scsi"),
        DiskItem("/disk/c", "scsi"),
        DiskItem("d", "scsi"),
        DiskItem("ovf:/disk/e", "sata"),
        DiskItem("ovf:/disk/f", "nvme"),
        DiskItem("ovf:/disk/a", "ide"),
        DiskItem("ovf:/disk/g", ""),
    )


def test_bounds_and_other_configurations_do_not_count() -> None:
    items = "".join(
        item(ResourceType=3, VirtualQuantity=quantity).replace("<Item>", f"<Item {attributes}>")
        for quantity, attributes in (
            (1, ""),
            (2, 'ovf:configuration="small"'),
            (8, 'ovf:configuration="large huge"'),
            (16, 'ovf:bound="max"'),
        )
    )
    counts = [hardware(items, name).cpus for name in ("", "small", "large", "huge", "other")]
    assert counts == [1, 2, 8, 8, 1]


def test_a_reservation_is_no_quantity() -> None:
    assert hardware(item(ResourceType=4, Reservation=300)).memory == 0


@pytest.mark.parametrize(("value", "firmware"), [("efi", "efi"), ("BIOS", "bios"), ("x", "")])
def test_firmware(value: str, firmware: str) -> None:
    config = f'<vmw:Config vmw:key="other"/><vmw:Config vmw:key="firmware" vmw:value="{value}"/>'
    assert hardware(config).firmware == firmware


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ResourceType": 3, "VirtualQuantity": "many"}, "ovf: number of processors: found 'many'"),
        ({"ResourceType": 3, "VirtualQuantity": 4097}, "found 4097, expected up to 4096"),
        ({"ResourceType": 4, "VirtualQuantity": "1e3"}, "ovf: memory: found '1e3'"),
        (
            {"ResourceType": 4, "VirtualQuantity": 1, "AllocationUnits": "page"},
            "ovf: unit of memory: found 'page'",
        ),
    ],
)
def test_quantities_that_are_none(fields: dict[str, object], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        hardware(item(**fields))
    assert message in caught.value.message

# SPDX-License-Identifier: Apache-2.0
"""Virtual hardware: what counts, and the order of the disks."""

from __future__ import annotations

import pytest
from tests.appliances.recipes import disk_item, item, ovf, system

from vmferry.appliances.ovf.hardware import DiskItem, Hardware, parse_hardware
from vmferry.appliances.ovf.xml import child, parse_envelope
from vmferry.errors import FormatError
from vmferry.model.machine import NetworkCard


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
        + item(
            InstanceID=8,
            ResourceType=10,
            Address="00:50:56:AB:CD:EF",
            Connection="LAN",
            ResourceSubType="VmxNet3",
        )
        + item(InstanceID=9, ResourceType=10)
        + item(InstanceID=10, ResourceType=15)
    )
    assert (found.cpus, found.memory) == (4, 2 << 30)
    assert found.cards == (
        NetworkCard(mac="00:50:56:ab:cd:ef", network="LAN", adapter="VmxNet3"),
        NetworkCard(),
    )
    assert found.disks == ()
    assert (found.family, found.cores_per_socket) == ("", 0)
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
    assert [(disk.resource, disk.controller, disk.adapter) for disk in found.disks] == [
        ("ovf:/disk/b", "scsi", "lsilogic"),
        ("/disk/c", "scsi", "lsilogic"),
        ("d", "scsi", "lsilogic"),
        ("ovf:/disk/e", "sata", "vmware.sata.ahci"),
        ("ovf:/disk/f", "nvme", "vmware.nvme.controller"),
        ("ovf:/disk/a", "ide", ""),
        ("ovf:/disk/g", "", ""),
    ]


def test_discs_in_drives() -> None:
    found = hardware(
        item(InstanceID=5, ResourceType=15, ResourceSubType="vmware.cdrom.remotepassthrough")
        + item(InstanceID=6, ResourceType=16, HostResource="ovf:/file/file2")
        + item(InstanceID=7, ResourceType=15, HostResource="[store] tools.iso")
        + item(InstanceID=8, ResourceType=14, HostResource="ovf:/file/floppy")
    )
    assert found.discs == ("[store] tools.iso", "ovf:/file/file2")
    assert found.disks == ()


def test_sockets_and_the_family() -> None:
    family = "<System><vssd:VirtualSystemType>vmx-13 vmx-11</vssd:VirtualSystemType></System>"
    cores = item(ResourceType=3, VirtualQuantity=8).replace(
        "</Item>", '<vmw:CoresPerSocket ovf:required="false">4</vmw:CoresPerSocket></Item>'
    )
    found = hardware(family + item(ResourceType=3, VirtualQuantity=1) + cores)
    assert (found.family, found.cpus, found.cores_per_socket) == ("vmx-13 vmx-11", 8, 4)


@pytest.mark.parametrize(
    ("address", "mac"),
    [
        ("00-50-56-AB-CD-EF", "00:50:56:ab:cd:ef"),
        ("005056abcdef", "00:50:56:ab:cd:ef"),
        ("7", "7"),
        ("00:50:56:ab:cd:gg", "00:50:56:ab:cd:gg"),
    ],
)
def test_addresses_of_cards(address: str, mac: str) -> None:
    assert hardware(item(ResourceType=10, Address=address)).cards[0].mac == mac


def test_disks_of_other_types_and_ids() -> None:
    found = hardware(
        item(InstanceId="c", ResourceType=5)
        + item(InstanceId="x", ResourceType=19, HostResource="ovf:/disk/extent", Parent="c")
        + item(InstanceId="y", ResourceType=31, HostResource="ovf:/disk/logical")
        + item(InstanceId="z", ResourceType=19, HostResource="ovf:/file/floppy")
        + item(InstanceId="s", ResourceType=21, HostResource="/dev/ttyS0")
    )
    assert found.disks == (
        DiskItem("x", "ovf:/disk/extent", "ide", ""),
        DiskItem("y", "ovf:/disk/logical", "", ""),
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

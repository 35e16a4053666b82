# SPDX-License-Identifier: Apache-2.0
"""Writes the description of a machine as VMware's products, VirtualBox and XenServer read it.

The words of a machine come from others, so lxml escapes them; what XML cannot hold at all is
replaced. The same machine gives the same bytes.

Source: DMTF DSP0243 1.1.0, sections 7 to 9; DSP8023 1.1.0, its schema, for the order of elements;
CIM 2.22, ResourceAllocationSettingData, whose elements stand in the order of the alphabet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from lxml import etree

from vmferry.appliances.ovf.controllers import attach
from vmferry.appliances.ovf.hardware import DISK, ETHERNET, MEMORY, PROCESSOR
from vmferry.appliances.ovf.xml import legal
from vmferry.appliances.refusal import bad_ovf
from vmferry.units import MIB, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard, Product

OVF: Final = "http://schemas.dmtf.org/ovf/envelope/1"
CIM: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_"
RASD: Final = f"{CIM}ResourceAllocationSettingData"
VSSD: Final = f"{CIM}VirtualSystemSettingData"
VMW: Final = "http://www.vmware.com/schema/ovf"
STREAM_OPTIMIZED: Final = (
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
)
_NAMESPACES: Final = {None: OVF, "ovf": OVF, "rasd": RASD, "vssd": VSSD, "vmw": VMW}
_FIRST_CONTROLLER: Final = 3
"""``InstanceID``: 1 is the processors' item and 2 the memory's."""

_FIRST_CARD: Final = 7
"""``AddressOnParent``, as VMware's products count their cards."""


def compose_ovf(machine: Machine) -> bytes:
    """Return the description of a machine whose disks are streamOptimized VMDK files beside it.

    Args:
        machine: ``complete`` fills in what products insist on; each disk needs its ``capacity``.

    Raises:
        FormatError: A disk has no capacity.
    """
    # lxml-stubs does not know that a default namespace has no prefix.
    envelope = etree.Element(f"{{{OVF}}}Envelope", nsmap=_NAMESPACES)  # type: ignore[arg-type]
    _set(envelope, version="1.0")
    _references(envelope, machine.disks)
    _disks(envelope, machine.disks)
    _networks(envelope, machine.cards)
    _system(envelope, machine)
    etree.indent(envelope)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8") + b"\n"


def _references(envelope: etree._Element, disks: tuple[ApplianceDisk, ...]) -> None:
    references = _add(envelope, "References")
    for number, disk in enumerate(disks, 1):
        if disk.href:
            file = _add(references, "File")
            _set(file, href=quote(disk.href), id=f"file{number}", size=disk.length)
            if disk.compression:
                _set(file, compression=disk.compression)


def _disks(envelope: etree._Element, disks: tuple[ApplianceDisk, ...]) -> None:
    section = _add(envelope, "DiskSection")
    _add(section, "Info", "Virtual disks of the machine")
    for number, disk in enumerate(disks, 1):
        if disk.capacity is None:
            raise bad_ovf(f"capacity of disk {number}", found="none", expected="bytes")
        element = _add(section, "Disk")
        _set(element, capacity=disk.capacity, capacityAllocationUnits="byte")
        _set(element, diskId=_disk_id(number))
        if disk.href:
            _set(element, fileRef=f"file{number}")
        _set(element, format=STREAM_OPTIMIZED)
        if disk.populated is not None:
            _set(element, populatedSize=disk.populated)


def _disk_id(number: int) -> str:
    return f"vmdisk{number}"


def _networks(envelope: etree._Element, cards: tuple[NetworkCard, ...]) -> None:
    if not cards:
        return
    section = _add(envelope, "NetworkSection")
    _add(section, "Info", "Networks that the machine is connected to")
    for name in dict.fromkeys(card.network for card in cards):
        _set(_add(section, "Network"), name=name)


def _system(envelope: etree._Element, machine: Machine) -> None:
    system = _add(envelope, "VirtualSystem")
    _set(system, id=file_stem(machine.name))
    _add(system, "Info", "A virtual machine")
    _add(system, "Name", machine.name)
    guest = _add(system, "OperatingSystemSection")
    _set(guest, id=machine.os_id)
    if machine.os_type:
        guest.set(f"{{{VMW}}}osType", legal(machine.os_type))
    _add(guest, "Info", "The operating system of the guest")
    if machine.os_description:
        _add(guest, "Description", machine.os_description)
    _hardware(system, machine)
    if machine.product is not None:
        _product(system, machine.product)


def _product(system: etree._Element, product: Product) -> None:
    section = _add(system, "ProductSection")
    _add(section, "Info", "What is installed on the machine")
    for name, words in (
        ("Product", product.name),
        ("Vendor", product.vendor),
        ("Version", product.version),
        ("FullVersion", product.full_version),
        ("ProductUrl", product.url),
        ("VendorUrl", product.vendor_url),
    ):
        if words:
            _add(section, name, words)


def _hardware(system: etree._Element, machine: Machine) -> None:
    section = _add(system, "VirtualHardwareSection")
    _add(section, "Info", "Virtual hardware of the machine")
    family = _add(section, "System")
    for name, words in (
        ("ElementName", "Virtual Hardware Family"),
        ("InstanceID", "0"),
        ("VirtualSystemIdentifier", machine.name),
        ("VirtualSystemType", machine.hardware),
    ):
        _add(family, name, words, VSSD)
    for number, fields in enumerate(_items(machine), 1):
        item = _add(section, "Item")
        fields["InstanceID"] = number
        for name in sorted(fields):
            _add(item, name, str(fields[name]), RASD)
        if fields["ResourceType"] == PROCESSOR and machine.cores_per_socket:
            cores = _add(item, "CoresPerSocket", str(machine.cores_per_socket), VMW)
            _set(cores, required="false")
    if machine.firmware:
        config = _add(section, "Config", namespace=VMW)
        _set(config, required="false")
        config.set(f"{{{VMW}}}key", "firmware")
        config.set(f"{{{VMW}}}value", machine.firmware)


def _items(machine: Machine) -> Iterator[dict[str, object]]:
    """Yield the elements of each item but its ``InstanceID``, which is its place from 1."""
    yield {
        "AllocationUnits": "hertz * 10^6",
        "Description": "Number of virtual CPUs",
        "ElementName": f"{machine.cpus} virtual CPUs",
        "ResourceType": PROCESSOR,
        "VirtualQuantity": machine.cpus,
    }
    unit, name = (MIB, "byte * 2^20") if machine.memory % MIB == 0 else (1, "byte")
    yield {
        "AllocationUnits": name,
        "Description": "Size of the memory",
        "ElementName": f"{human(machine.memory)} of memory",
        "ResourceType": MEMORY,
        "VirtualQuantity": machine.memory // unit,
    }
    for place in attach(machine.disks, _FIRST_CONTROLLER):
        if place.controller is not None:
            yield place.controller
        yield {
            "AddressOnParent": place.address,
            "ElementName": f"Hard disk {place.number}",
            "HostResource": f"ovf:/disk/{_disk_id(place.number)}",
            "Parent": place.parent,
            "ResourceType": DISK,
        }
    for number, card in enumerate(machine.cards):
        yield {
            **({"Address": card.mac} if card.mac else {}),
            "AddressOnParent": _FIRST_CARD + number,
            "AutomaticAllocation": "true",
            "Connection": card.network,
            "ElementName": f"Network adapter {number + 1}",
            "ResourceSubType": card.adapter,
            "ResourceType": ETHERNET,
        }


def file_stem(name: str) -> str:
    """Return what a machine's files are called: ``My server`` gives ``My-server``."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:64].strip("-.") or "vm"


def _add(
    parent: etree._Element, name: str, words: str | None = None, namespace: str = OVF
) -> etree._Element:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    if words is not None:
        element.text = legal(words)
    return element


def _set(element: etree._Element, **attributes: object) -> None:
    for name, value in attributes.items():
        element.set(f"{{{OVF}}}{name}", legal(str(value)))

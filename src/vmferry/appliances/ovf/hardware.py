# SPDX-License-Identifier: Apache-2.0
"""The virtual hardware of an OVF: processors, memory, network cards, and disks on controllers.

Source: DSP0243 2.1.1, section 8, "Virtual Hardware Description"; DSP8045, CIM_ResourceAllocation
SettingData, for the numbers of ``ResourceType``: 3 processor, 4 memory, 5 IDE, 6 SCSI, 10 Ethernet,
15 CD drive, 16 DVD drive, 17 disk drive, 19 storage extent (XenCenter's disks), 20 other storage
device (SATA and NVMe by their ``ResourceSubType``), 31 logical disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.appliances.ovf.units import quantity
from vmferry.appliances.ovf.xml import attribute, child, children, text
from vmferry.appliances.refusal import bad_ovf
from vmferry.model.machine import NetworkCard
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

PROCESSOR: Final = "3"
MEMORY: Final = "4"
ETHERNET: Final = "10"
DISK: Final = "17"
OTHER_STORAGE: Final = "20"
CONTROLLERS: Final = {"5": "ide", "6": "scsi"}
_OPTICAL: Final = ("15", "16")
_EXTENTS: Final = ("19", "31")
_SUBTYPES: Final = {"ahci": "sata", "sata": "sata", "nvme": "nvme"}
_OVIRT_CARDS: Final = {"1": "rtl8139", "2": "e1000", "3": "virtio"}
"""oVirt's engine writes the ordinal of its ``VmInterfaceType``."""

_DEVICE: Final = re.compile(r"\bdevice=(\d+)")
_MAX_PROCESSORS: Final = 4096
_LAST: Final = 1 << 31


class DiskItem(NamedTuple):
    """A disk drive: the item's id, the resource that backs it, its controller's kind and model."""

    id: str
    resource: str
    controller: str
    adapter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What one ``VirtualHardwareSection`` asks for; fields as in ``model.machine.Machine``."""

    cpus: int
    cores_per_socket: int
    memory: int
    family: str
    cards: tuple[NetworkCard, ...]
    disks: tuple[DiskItem, ...]
    discs: tuple[str, ...] = ()


def parse_hardware(section: etree._Element, configuration: str) -> Hardware:
    """Read a section as the deployment configuration of this name has it.

    Raises:
        FormatError: A quantity is not understood.
    """
    items = list(_items(section, configuration))
    processors = _quantified(items, PROCESSOR)[-1:]
    memory = _quantified(items, MEMORY)[-1:]
    system = child(section, "System")
    return Hardware(
        cpus=sum(_count(item, "VirtualQuantity") for item in processors),
        cores_per_socket=sum(_cores(item) for item in processors),
        memory=sum(
            quantity(text(item, "VirtualQuantity"), text(item, "AllocationUnits"), "memory", MIB)
            for item in memory
        ),
        family="" if system is None else text(system, "VirtualSystemType"),
        cards=tuple(_card(item) for item in _of(items, ETHERNET)),
        disks=tuple(_disks(items)),
        discs=tuple(filter(None, (_resource(x) for t in _OPTICAL for x in _of(items, t)))),
    )


def _items(section: etree._Element, configuration: str) -> Iterator[etree._Element]:
    """Yield the items that count: no bounds of a quantity, none of other configurations."""
    for item in children(section, "Item", "StorageItem", "EthernetPortItem"):
        wanted = attribute(item, "configuration").split()
        if attribute(item, "bound") in ("", "normal") and (not wanted or configuration in wanted):
            yield item


def _of(items: list[etree._Element], resource_type: str) -> list[etree._Element]:
    return [item for item in items if text(item, "ResourceType") == resource_type]


def _quantified(items: list[etree._Element], resource_type: str) -> list[etree._Element]:
    """Return the items that ask for a quantity; a reservation alone does not."""
    return [item for item in _of(items, resource_type) if text(item, "VirtualQuantity")]


def _count(item: etree._Element, name: str) -> int:
    count = quantity(text(item, name) or "0", "", "number of processors")
    if count > _MAX_PROCESSORS:
        raise bad_ovf("number of processors", found=count, expected=f"up to {_MAX_PROCESSORS}")
    return count


def _cores(item: etree._Element) -> int:
    """Return VMware's word for it, or oVirt's, which counts threads apart."""
    if cores := _count(item, "CoresPerSocket"):
        return cores
    return _count(item, "cpu_per_socket") * max(1, _count(item, "threads_per_cpu"))


def _card(item: etree._Element) -> NetworkCard:
    adapter = text(item, "ResourceSubType")
    return NetworkCard(
        mac=_mac(text(item, "Address") or text(item, "MACAddress")),
        network=text(item, "Connection"),
        adapter=_OVIRT_CARDS.get(adapter, adapter),
    )


def _mac(words: str) -> str:
    """Return an address in the one spelling that is compared: Nutanix has dashes."""
    digits = re.sub("[-:.]", "", words.lower())
    if not re.fullmatch("[0-9a-f]{12}", digits):
        return words.lower()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _disks(items: list[etree._Element]) -> Iterator[DiskItem]:
    """Yield the disks by controller, then by their address on it: the order of a boot."""
    parents = {_id(item): item for item in items}
    places = {_id(item): place for place, item in enumerate(items)}
    drives = []
    for place, item in enumerate(item for item in items if _is_disk(item)):
        parent = text(item, "Parent")
        order = _number(parent) if parent.isdecimal() else places.get(parent, _LAST)
        controller = parents.get(parent)
        kind = "" if controller is None else _kind(controller)
        adapter = text(controller, "ResourceSubType") if kind and controller is not None else ""
        disk = DiskItem(_id(item), _resource(item), kind, adapter)
        drives.append((order, _address(item), place, disk))
    for *_, disk in sorted(drives):
        yield disk


def _id(item: etree._Element) -> str:
    """Return ``InstanceID``, which oVirt's engine and OVF 0.9 write as ``InstanceId``."""
    return text(item, "InstanceID") or text(item, "InstanceId")


def _is_disk(item: etree._Element) -> bool:
    kind = text(item, "ResourceType")
    return kind == DISK or (kind in _EXTENTS and "/disk/" in _resource(item))


def _resource(item: etree._Element) -> str:
    resources = [element.text or "" for element in children(item, "HostResource")]
    return next((resource.strip() for resource in resources if resource.strip()), "")


def _kind(item: etree._Element) -> str:
    kind = text(item, "ResourceType")
    if kind != OTHER_STORAGE:
        return CONTROLLERS.get(kind, "")
    subtype = text(item, "ResourceSubType").lower()
    return next((name for word, name in _SUBTYPES.items() if word in subtype), "")


def _address(item: etree._Element) -> int:
    """Return the place on the controller; XenCenter has none and a device of the machine."""
    device = _DEVICE.search(text(item, "Connection"))
    return _number(text(item, "AddressOnParent") or (device[1] if device else ""))


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < len(str(_LAST)) else _LAST

# SPDX-License-Identifier: Apache-2.0
"""The virtual hardware of an OVF: processors, memory, network cards, and disks on controllers.

Source: DSP0243 2.1.1, section 8, "Virtual Hardware Description"; DSP8045, CIM_ResourceAllocation
SettingData, for the numbers of ``ResourceType``: 3 processor, 4 memory, 5 IDE, 6 SCSI, 10 Ethernet,
17 disk drive, 20 other storage device (SATA and NVMe by their ``ResourceSubType``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.appliances.ovf.units import quantity
from vmferry.appliances.ovf.xml import attribute, children, text
from vmferry.appliances.refusal import bad_ovf
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_PROCESSOR: Final = "3"
_MEMORY: Final = "4"
_ETHERNET: Final = "10"
_DISK: Final = "17"
_CONTROLLERS: Final = {"5": "ide", "6": "scsi"}
_OTHER_STORAGE: Final = "20"
_SUBTYPES: Final = {"ahci": "sata", "sata": "sata", "nvme": "nvme"}
_MAX_PROCESSORS: Final = 4096
_LAST: Final = 1 << 31


class DiskItem(NamedTuple):
    """A disk drive: the resource that backs it and the kind of its controller."""

    resource: str
    controller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What one ``VirtualHardwareSection`` asks for; fields as in ``model.machine.Machine``."""

    cpus: int
    memory: int
    firmware: str
    macs: tuple[str, ...]
    disks: tuple[DiskItem, ...]


def parse_hardware(section: etree._Element, configuration: str) -> Hardware:
    """Read a section as the deployment configuration of this name has it.

    Raises:
        FormatError: A quantity is not understood.
    """
    items = list(_items(section, configuration))
    cpus = [_quantity(item, "number of processors") for item in _quantified(items, _PROCESSOR)]
    memory = [_quantity(item, "memory", MIB) for item in _quantified(items, _MEMORY)]
    if cpus and cpus[-1] > _MAX_PROCESSORS:
        raise bad_ovf("number of processors", found=cpus[-1], expected=f"up to {_MAX_PROCESSORS}")
    return Hardware(
        cpus=cpus[-1] if cpus else 0,
        memory=memory[-1] if memory else 0,
        firmware=_firmware(section),
        macs=tuple(text(item, "Address").lower() for item in _of(items, _ETHERNET)),
        disks=tuple(_disks(items)),
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


def _quantity(item: etree._Element, what: str, default: int = 1) -> int:
    unit = text(item, "AllocationUnits") if default != 1 else ""
    return quantity(text(item, "VirtualQuantity"), unit, what, default)


def _disks(items: list[etree._Element]) -> Iterator[DiskItem]:
    """Yield the disks by controller, then by their address on it: the order of a boot."""
    kinds = {text(item, "InstanceID"): _controller(item) for item in items}
    places = {text(item, "InstanceID"): place for place, item in enumerate(items)}
    drives = []
    for place, item in enumerate(_of(items, _DISK)):
        parent = text(item, "Parent")
        order = _number(parent) if parent.isdecimal() else places.get(parent, _LAST)
        disk = DiskItem(_resource(item), kinds.get(parent, ""))
        drives.append((order, _number(text(item, "AddressOnParent")), place, disk))
    for *_, disk in sorted(drives):
        yield disk


def _resource(item: etree._Element) -> str:
    resources = [element.text or "" for element in children(item, "HostResource")]
    return next((resource.strip() for resource in resources if resource.strip()), "")


def _controller(item: etree._Element) -> str:
    kind = text(item, "ResourceType")
    if kind != _OTHER_STORAGE:
        return _CONTROLLERS.get(kind, "")
    subtype = text(item, "ResourceSubType").lower()
    return next((name for word, name in _SUBTYPES.items() if word in subtype), "")


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < len(str(_LAST)) else _LAST


def _firmware(section: etree._Element) -> str:
    """Return what ``vmw:Config`` says; VMware's products leave the line out for a BIOS."""
    for config in children(section, "Config", "ExtraConfig"):
        if attribute(config, "key") == "firmware":
            value = attribute(config, "value").lower()
            return value if value in ("bios", "efi") else ""
    return ""

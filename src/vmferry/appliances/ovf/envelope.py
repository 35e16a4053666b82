# SPDX-License-Identifier: Apache-2.0
"""The envelope of an OVF: one virtual system, its disks and their files.

Source: DSP0243 2.1.1, sections 6 and 7, "OVF Descriptor" and "Core Metadata Sections"; 9.1,
"DiskSection"; 9.8, "DeploymentOptionSection". What a boot begins with is said by products alone:
VMware's ``BootOrderSection``, oVirt's ``boot`` and XenServer's ``isBootable`` at a disk.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from vmferry.appliances.ovf.firmware import parse_firmware
from vmferry.appliances.ovf.hardware import parse_hardware
from vmferry.appliances.ovf.units import quantity
from vmferry.appliances.ovf.xml import (
    MAX_TEXT,
    attribute,
    child,
    children,
    local_name,
    parse_envelope,
    text,
)
from vmferry.appliances.refusal import CHUNKED, bad_ovf
from vmferry.appliances.tar import is_plain_name
from vmferry.model.machine import ApplianceDisk, Machine, Product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from vmferry.appliances.ovf.hardware import DiskItem

_RESOURCE: Final = re.compile(r"(?:ovf:)?/{1,2}(disk|file)/(.+)")
_OVIRT_BUSES: Final = {"IDE": "ide", "SATA": "sata", "VirtIO_SCSI": "scsi"}
_OS_DIGITS: Final = 5
_MAX_DISKS: Final = 512
"""Twice what vSphere 8 can attach to a machine; each has to be looked at."""


class DiskReference(NamedTuple):
    """A disk, the place of its file left open, and what the description says of the file.

    Attributes:
        id: The disk's id in the description.
        disk: Without ``offset`` and ``length``; its ``href`` has percent-escapes resolved and is a
            plain name without a folder.
        size: Bytes of the file as the description says, or ``None``.
    """

    id: str
    disk: ApplianceDisk
    size: int | None


def parse_ovf(data: bytes) -> tuple[Machine, tuple[DiskReference, ...]]:
    """Return the machine, without disks, and its disks in the order of a boot.

    Raises:
        FormatError: The description is malformed, has no or several machines, or a disk of it is
            chunked, a delta, or a file outside the package.
    """
    envelope = parse_envelope(data)
    system = _one_system(envelope)
    section = child(system, "VirtualHardwareSection")
    if section is None:
        raise bad_ovf("VirtualSystem has no VirtualHardwareSection")
    hardware = parse_hardware(section, _default_configuration(envelope))
    files = _by_id(_section(envelope, "References"), "File", "id")
    disks = _by_id(_section(envelope, "DiskSection"), "Disk", "diskId")
    os = child(system, "OperatingSystemSection")
    machine = Machine(
        name=_cut(text(system, "Name") or attribute(system, "id")),
        cpus=hardware.cpus,
        cores_per_socket=hardware.cores_per_socket,
        memory=hardware.memory,
        firmware=parse_firmware(system, section),
        hardware=_cut(hardware.family),
        os_id=0 if os is None else _os_id(attribute(os, "id")),
        os_type="" if os is None else _cut(attribute(os, "osType")),
        os_description="" if os is None else _cut(text(os, "Description")),
        product=_product(system),
        cards=tuple(
            replace(card, network=_cut(card.network), adapter=_cut(card.adapter))
            for card in hardware.cards
        ),
        discs=tuple(map(_cut, hardware.discs[:_MAX_DISKS])),
    )
    if len(hardware.disks) > _MAX_DISKS:
        raise bad_ovf("disks", found=len(hardware.disks), expected=f"up to {_MAX_DISKS}")
    first = _boot_item(system)
    items = sorted(hardware.disks, key=lambda item: not _boots(item, first, disks))
    return machine, tuple(_reference(item, disks, files) for item in items)


def _one_system(envelope: etree._Element) -> etree._Element:
    systems = list(_systems(envelope))
    if len(systems) != 1:
        raise bad_ovf(
            "virtual systems",
            found=len(systems),
            expected="one",
            hint="Export each machine on its own",
        )
    return systems[0]


def _systems(element: etree._Element) -> Iterator[etree._Element]:
    for found in children(element, "VirtualSystem", "VirtualSystemCollection"):
        if local_name(found) == "VirtualSystem":
            yield found
        else:
            yield from _systems(found)


def _section(envelope: etree._Element, name: str) -> list[etree._Element]:
    sections = list(children(envelope, name))
    if len(sections) > 1:
        raise bad_ovf(f"sections {name}", found=len(sections), expected="one")
    return [element for section in sections for element in section]


def _by_id(elements: list[etree._Element], name: str, key: str) -> dict[str, etree._Element]:
    found: dict[str, etree._Element] = {}
    for element in elements:
        if local_name(element) != name:
            continue
        value = attribute(element, key)
        if not value or value in found:
            problem = f"{value!r} twice" if value else "none"
            raise bad_ovf(f"{key} of a {name}", found=problem, expected="one of its own")
        found[value] = element
    return found


def _default_configuration(envelope: etree._Element) -> str:
    section = child(envelope, "DeploymentOptionSection")
    options = [] if section is None else list(children(section, "Configuration"))
    marked = [option for option in options if attribute(option, "default") in ("true", "1")]
    chosen = (marked or options)[:1]
    return attribute(chosen[0], "id") if chosen else ""


def _boot_item(system: etree._Element) -> str:
    """Return the ``InstanceID`` of the disk that VMware's product would boot first."""
    for section in children(system, "BootOrderSection"):
        if attribute(section, "type") == "disk":
            return attribute(section, "instanceId")
    return ""


def _boots(item: DiskItem, first: str, disks: dict[str, etree._Element]) -> bool:
    disk = disks.get(item.resource.rpartition("/")[2])
    words = [] if disk is None else [attribute(disk, "boot"), attribute(disk, "isBootable")]
    return "true" in words or (bool(first) and item.id == first)


def _reference(
    item: DiskItem, disks: dict[str, etree._Element], files: dict[str, etree._Element]
) -> DiskReference:
    match = _RESOURCE.fullmatch(item.resource)
    if match is None:
        raise bad_ovf(
            "HostResource of a disk", found=repr(item.resource[:80]), expected="ovf:/disk/…"
        )
    kind, name = match[1], match[2]
    disk = disks.get(name) if kind == "disk" else None
    if kind == "disk" and disk is None:
        raise bad_ovf(f"disk {name[:80]!r} is not in the DiskSection")
    found = ApplianceDisk(
        capacity=None if disk is None else _capacity(disk, name),
        populated=None if disk is None else _bytes(disk, "populatedSize", name),
        controller=item.controller or _ovirt_bus(disk),
        adapter=_cut(item.adapter),
    )
    file_id = name if disk is None else _file_of(disk, name, found.capacity)
    if not file_id:
        return DiskReference(name, found, None)
    file = files.get(file_id)
    if file is None:
        raise bad_ovf(f"file {file_id[:80]!r} of disk {name[:80]!r} is not in the References")
    found = replace(found, href=_href(file), compression=_compression(file, file_id))
    return DiskReference(name, found, _bytes(file, "size", file_id))


def _ovirt_bus(disk: etree._Element | None) -> str:
    """Return the kind of controller where the disk says it: oVirt's items have no parents."""
    return "" if disk is None else _OVIRT_BUSES.get(attribute(disk, "disk-interface"), "")


def _file_of(disk: etree._Element, name: str, capacity: int | None) -> str:
    """Return the id of the disk's file; ``""`` for an empty disk (DSP0243 9.1)."""
    if attribute(disk, "parentRef"):
        raise bad_ovf(
            f"disk {name[:80]!r} is a delta of another disk",
            hint="Export the machine without delta compression",
        )
    file_id = attribute(disk, "fileRef")
    if not file_id and not capacity:
        raise bad_ovf(f"disk {name[:80]!r} has neither a file nor a capacity")
    return file_id


def _href(element: etree._Element) -> str:
    if attribute(element, "chunkSize"):
        raise bad_ovf(
            "file has a chunkSize: it is split into several files",
            hint="Export without --chunkSize",
            aws=CHUNKED,
        )
    href = unquote(attribute(element, "href")).removeprefix("./")
    if not is_plain_name(href):
        raise bad_ovf(
            "href of a file", found=repr(href[:80]), expected="a name in the same archive"
        )
    return href


def _capacity(disk: etree._Element, name: str) -> int | None:
    number, unit = (attribute(disk, key) for key in ("capacity", "capacityAllocationUnits"))
    return quantity(number, unit, f"capacity of disk {name[:80]!r}") if number else None


def _bytes(element: etree._Element, key: str, name: str) -> int | None:
    number = attribute(element, key)
    what = f"{key} of {local_name(element).lower()} {name[:80]!r}"
    return quantity(number, "", what) if number else None


def _compression(element: etree._Element, file_id: str) -> str:
    compression = attribute(element, "compression").lower()
    if compression in ("", "identity"):
        return ""
    if compression != "gzip":
        what = f"compression of file {file_id[:80]!r}"
        raise bad_ovf(what, found=repr(compression[:40]), expected="gzip, identity or none")
    return compression


def _os_id(number: str) -> int:
    """Return a number of CIM, which is 16 bits wide; 0 means unknown there too."""
    return int(number) if number.isdecimal() and len(number) <= _OS_DIGITS else 0


def _product(system: etree._Element) -> Product | None:
    """Return the first product that has a name; other sections group properties alone."""
    for section in children(system, "ProductSection"):
        if name := _cut(text(section, "Product")):
            return Product(
                name=name,
                vendor=_cut(text(section, "Vendor")),
                version=_cut(text(section, "Version")),
                full_version=_cut(text(section, "FullVersion")),
                url=_cut(text(section, "ProductUrl")),
                vendor_url=_cut(text(section, "VendorUrl")),
            )
    return None


def _cut(words: str) -> str:
    return words[:MAX_TEXT].rstrip()

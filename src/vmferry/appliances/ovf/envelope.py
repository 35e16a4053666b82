# SPDX-License-Identifier: Apache-2.0
"""The envelope of an OVF: one virtual system, its disks and their files.

Source: DSP0243 2.1.1, sections 6 and 7, "OVF Descriptor" and "Core Metadata Sections"; 9.1,
"DiskSection"; 9.8, "DeploymentOptionSection".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from vmferry.appliances.ovf.hardware import parse_hardware
from vmferry.appliances.ovf.units import quantity
from vmferry.appliances.ovf.xml import attribute, child, children, local_name, parse_envelope, text
from vmferry.appliances.refusal import CHUNKED, bad_ovf
from vmferry.appliances.tar import is_plain_name
from vmferry.model.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from vmferry.appliances.ovf.hardware import DiskItem

_RESOURCE: Final = re.compile(r"(?:ovf:)?/{1,2}(disk|file)/(.+)")
_MAX_TEXT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskReference:
    """A disk and the name of its file.

    Attributes:
        disk_id: The disk's id in the description.
        href: The file's name, percent-escapes resolved; a plain name without a folder.
        size: Bytes of the file as the description says, or ``None``.
        capacity: The virtual size in bytes, or ``None``.
        compression: ``gzip`` or ``""``.
        controller: ``ide``, ``scsi``, ``sata``, ``nvme`` or ``""``.
    """

    disk_id: str
    href: str
    size: int | None
    capacity: int | None
    compression: str
    controller: str


def parse_ovf(data: bytes) -> tuple[Machine, tuple[DiskReference, ...]]:
    """Return the machine, without disks, and its disks in the order of a boot.

    Raises:
        FormatError: The description is malformed, has no or several machines, or a disk of it is
            chunked, empty, a delta, or a file outside the package.
    """
    envelope = parse_envelope(data)
    system = _one_system(envelope)
    section = child(system, "VirtualHardwareSection")
    if section is None:
        raise bad_ovf("VirtualSystem has no VirtualHardwareSection")
    hardware = parse_hardware(section, _default_configuration(envelope))
    files = _by_id(_section(envelope, "References"), "File", "id")
    disks = _by_id(_section(envelope, "DiskSection"), "Disk", "diskId")
    machine = Machine(
        name=(text(system, "Name") or attribute(system, "id"))[:_MAX_TEXT],
        cpus=hardware.cpus,
        memory=hardware.memory,
        firmware=hardware.firmware or _virtualbox_firmware(system),
        os_type=_os_type(system)[:_MAX_TEXT],
        macs=hardware.macs,
    )
    return machine, tuple(_reference(item, disks, files) for item in hardware.disks)


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
    file_id = name if disk is None else _file_of(disk, name)
    element = files.get(file_id)
    if element is None:
        raise bad_ovf(f"file {file_id[:80]!r} of disk {name[:80]!r} is not in the References")
    return DiskReference(
        disk_id=name,
        href=_href(element),
        size=_optional(attribute(element, "size"), "", f"size of file {file_id[:80]!r}"),
        capacity=None if disk is None else _capacity(disk, name),
        compression=_compression(element, file_id),
        controller=item.controller,
    )


def _file_of(disk: etree._Element, name: str) -> str:
    file_id = attribute(disk, "fileRef")
    if not file_id:
        raise bad_ovf(
            f"disk {name[:80]!r} is empty: it has no file",
            hint="Leave it out of the export and attach a new volume after the import",
        )
    if attribute(disk, "parentRef"):
        raise bad_ovf(
            f"disk {name[:80]!r} is a delta of another disk",
            hint="Export the machine without delta compression",
        )
    return file_id


def _href(element: etree._Element) -> str:
    if attribute(element, "chunkSize"):
        raise bad_ovf(
            "file has a chunkSize: it is split into several files",
            hint="Export without --chunkSize",
            aws=CHUNKED,
        )
    href = unquote(attribute(element, "href"))
    if not is_plain_name(href):
        raise bad_ovf(
            "href of a file", found=repr(href[:80]), expected="a name in the same archive"
        )
    return href


def _capacity(disk: etree._Element, name: str) -> int | None:
    unit = attribute(disk, "capacityAllocationUnits")
    return _optional(attribute(disk, "capacity"), unit, f"capacity of disk {name[:80]!r}")


def _optional(number: str, unit: str, what: str) -> int | None:
    return quantity(number, unit, what) if number else None


def _compression(element: etree._Element, file_id: str) -> str:
    compression = attribute(element, "compression").lower()
    if compression in ("", "identity"):
        return ""
    if compression != "gzip":
        what = f"compression of file {file_id[:80]!r}"
        raise bad_ovf(what, found=repr(compression[:40]), expected="gzip, identity or none")
    return compression


def _os_type(system: etree._Element) -> str:
    section = child(system, "OperatingSystemSection")
    if section is None:
        return ""
    return text(section, "Description") or attribute(section, "osType") or attribute(section, "id")


def _virtualbox_firmware(system: etree._Element) -> str:
    """Return what VirtualBox's own copy of the machine says, which no OVF element does."""
    for machine in children(system, "Machine"):
        for hardware in children(machine, "Hardware"):
            for firmware in children(hardware, "Firmware"):
                return "efi" if attribute(firmware, "type").upper().startswith("EFI") else "bios"
    return ""

# SPDX-License-Identifier: Apache-2.0
"""The firmware of a virtual system: OVF has no element for it, so each product has its own.

| product | where | EFI |
|---|---|---|
| VMware | ``vmw:Config`` of the hardware, ``firmware`` | ``efi`` |
| VirtualBox | ``Firmware`` in its copy of the settings | ``EFI``, ``EFI32``, ``EFI64`` |
| oVirt | ``BiosType`` of the system | 3 (Q35 with OVMF), 4 (the same with Secure Boot) |
| XenServer | ``HVM_boot_params`` of the hardware | ``firmware=uefi`` |

Source: VMware, OVF Tool User's Guide; VirtualBox, settings-1.7.xsd; oVirt engine, ``BiosType``;
XenServer, XenAPI ``VM.HVM_boot_params``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.appliances.ovf.xml import attribute, child, children, text

if TYPE_CHECKING:
    from lxml import etree

_OVIRT: Final = {"1": "bios", "2": "bios", "3": "efi", "4": "efi"}


def parse_firmware(system: etree._Element, hardware: etree._Element) -> str:
    """Return ``bios``, ``efi``, or ``""`` when nothing says; VMware is silent about a BIOS."""
    return (
        _vmware(hardware)
        or _virtualbox(system)
        or _OVIRT.get(text(system, "BiosType"), "")
        or _xenserver(hardware)
    )


def _vmware(hardware: etree._Element) -> str:
    for config in children(hardware, "Config", "ExtraConfig"):
        if attribute(config, "key") == "firmware":
            value = attribute(config, "value").lower()
            return value if value in ("bios", "efi") else ""
    return ""


def _virtualbox(system: etree._Element) -> str:
    settings = child(system, "Machine")
    hardware = None if settings is None else child(settings, "Hardware")
    firmware = None if hardware is None else child(hardware, "Firmware")
    if firmware is None:
        return ""
    return "efi" if attribute(firmware, "type").upper().startswith("EFI") else "bios"


def _xenserver(hardware: etree._Element) -> str:
    for data in children(hardware, "VirtualSystemOtherConfigurationData"):
        if attribute(data, "Name") == "HVM_boot_params":
            words = text(data, "Value").replace(" ", "").split(";")
            return "efi" if "firmware=uefi" in words else "bios"
    return ""

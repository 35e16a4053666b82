# SPDX-License-Identifier: Apache-2.0
"""Fills in what a description must say and a machine may not know.

A disk alone is known by its size; whoever deploys it as an appliance can change the rest, but not
leave it out: vSphere asks for processors, memory, a family of hardware and a controller.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.appliances.ovf.controllers import ADAPTERS
from vmferry.appliances.ovf.xml import MAX_TEXT, legal
from vmferry.model.machine import Product
from vmferry.units import GIB

if TYPE_CHECKING:
    from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard

_CONTROLLER: Final = "scsi"
_MODELS: Final = {
    "ide": (),
    "scsi": ("buslogic", "lsilogic", "lsilogicsas", "virtualscsi"),
    "sata": ("vmware.sata.ahci",),
    "nvme": ("vmware.nvme.controller",),
}
_WINDOWS_SCSI: Final = "lsilogicsas"
"""Windows has a driver for it since Vista, and none any more for the parallel one."""

_CARDS: Final = ("pcnet32", "e1000", "e1000e", "vmxnet", "vmxnet2", "vmxnet3")
_CARD: Final = "E1000"
_NETWORK: Final = "VM Network"
_OTHER_SYSTEM: Final = 1
"""``CIM_OperatingSystem.OSType``, Other."""

_FAMILY: Final = "vmx-10"
_NVME_FAMILY: Final = "vmx-13"
"""ESXi 5.5 and 6.5: the first that have SATA, and NVMe."""


def complete(machine: Machine) -> Machine:
    """Return the machine as it is read again after ``compose_ovf`` has described it.

    Args:
        machine: What is known. Hardware that is not VMware's is replaced: the description is
            written in their words, which others understand, and they refuse the others'. Discs in
            drives are left out.
    """
    scsi = _WINDOWS_SCSI if _is_windows(machine) else ADAPTERS["scsi"]
    disks = tuple(_disk(disk, {**ADAPTERS, "scsi": scsi}) for disk in machine.disks)
    return replace(
        machine,
        name=_words(machine.name) or "vm",
        cpus=(cpus := machine.cpus or 1),
        cores_per_socket=0 if cpus % (machine.cores_per_socket or 1) else machine.cores_per_socket,
        memory=machine.memory or GIB,
        firmware=machine.firmware if machine.firmware in ("bios", "efi") else "",
        hardware=_words(machine.hardware) if _is_vmware(machine) else _family(disks),
        os_id=machine.os_id or _OTHER_SYSTEM,
        os_type=_words(machine.os_type),
        os_description=_words(machine.os_description),
        product=_product(machine.product),
        cards=tuple(_card(card) for card in machine.cards),
        disks=disks,
        discs=(),
    )


def _is_vmware(machine: Machine) -> bool:
    return machine.hardware.startswith("vmx-")


def _family(disks: tuple[ApplianceDisk, ...]) -> str:
    return _NVME_FAMILY if any(disk.controller == "nvme" for disk in disks) else _FAMILY


def _is_known(adapter: str, models: tuple[str, ...]) -> bool:
    """Say whether one of the alternatives that an adapter's word may list is VMware's."""
    return any(word in models for word in adapter.lower().replace(",", " ").split())


def _is_windows(machine: Machine) -> bool:
    return machine.os_type.startswith("win") or "windows" in machine.os_description.lower()


def _disk(disk: ApplianceDisk, adapters: dict[str, str]) -> ApplianceDisk:
    controller = disk.controller if disk.controller in ADAPTERS else _CONTROLLER
    known = _is_known(disk.adapter, _MODELS[controller])
    adapter = _words(disk.adapter) if known else adapters[controller]
    return replace(disk, controller=controller, adapter=adapter)


def _card(card: NetworkCard) -> NetworkCard:
    return replace(
        card,
        mac=_words(card.mac).lower(),
        network=_words(card.network) or _NETWORK,
        adapter=_words(card.adapter) if _is_known(card.adapter, _CARDS) else _CARD,
    )


def _product(product: Product | None) -> Product | None:
    if product is None or not _words(product.name):
        return None
    return Product(
        name=_words(product.name),
        vendor=_words(product.vendor),
        version=_words(product.version),
        full_version=_words(product.full_version),
        url=_words(product.url),
        vendor_url=_words(product.vendor_url),
    )


def _words(words: str) -> str:
    return legal(words).strip()[:MAX_TEXT].rstrip()

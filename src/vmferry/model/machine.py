# SPDX-License-Identifier: Apache-2.0
"""Machines as an appliance describes them: CPUs, memory, firmware, and disks in their order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceDisk:
    """One disk of an appliance.

    Attributes:
        href: The file's name inside the appliance, ``""`` for an empty disk, which has no file.
        offset: First byte of the file inside the OVA.
        length: Bytes of the file.
        capacity: The virtual size in bytes that the OVF promises, or ``None``.
        populated: Bytes of the disk that hold data as the OVF estimates them, or ``None``.
        compression: How the file is stored: ``"gzip"``, or ``""`` for as it is.
        controller: ``ide``, ``scsi``, ``sata``, ``nvme`` or ``""`` when the OVF does not say.
        adapter: The controller's model in the OVF's own word, such as ``lsilogic``.
    """

    href: str = ""
    offset: int = 0
    length: int = 0
    capacity: int | None = None
    populated: int | None = None
    compression: str = ""
    controller: str = ""
    adapter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCard:
    """One network card.

    Attributes:
        mac: Lower case with colons, ``""`` where the address is generated.
        network: The network's name in the OVF.
        adapter: The model in the OVF's own word, such as ``E1000`` or ``VmxNet3``.
    """

    mac: str = ""
    network: str = ""
    adapter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is installed on the machine, in its vendor's words; ``""`` where they are silent."""

    name: str = ""
    vendor: str = ""
    version: str = ""
    full_version: str = ""
    url: str = ""
    vendor_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine description: the one virtual system of an OVF.

    Attributes:
        cpus: Virtual processors, 0 when unknown.
        cores_per_socket: Of the processors, 0 when the OVF does not say.
        memory: Bytes of memory, 0 when unknown.
        firmware: ``bios``, ``efi`` or ``""`` when the OVF does not say.
        hardware: The family of virtual hardware: ``vmx-13``, ``virtualbox-2.2``.
        os_id: ``CIM_OperatingSystem.OSType``, 0 when unknown.
        os_type: VMware's word for the guest, such as ``ubuntu64Guest``.
        os_description: The guest in words for people.
        disks: In boot order; the first is the root disk.
        discs: What lies in its CD and DVD drives, in the OVF's own word.
    """

    name: str = ""
    cpus: int = 0
    cores_per_socket: int = 0
    memory: int = 0
    firmware: str = ""
    hardware: str = ""
    os_id: int = 0
    os_type: str = ""
    os_description: str = ""
    product: Product | None = None
    cards: tuple[NetworkCard, ...] = ()
    disks: tuple[ApplianceDisk, ...] = ()
    discs: tuple[str, ...] = ()

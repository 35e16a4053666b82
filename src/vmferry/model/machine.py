# SPDX-License-Identifier: Apache-2.0
"""Machines as an appliance describes them: CPUs, memory, firmware, and disks in their order."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceDisk:
    """One disk of an appliance.

    Attributes:
        href: The file's name inside the appliance.
        offset: First byte of the file inside the OVA.
        length: Bytes of the file.
        capacity: The virtual size in bytes that the OVF promises, or ``None``.
        compression: ``"gzip"`` or ``""``.
        controller: ``ide``, ``scsi``, ``sata``, ``nvme`` or ``""`` when the OVF does not say.
    """

    href: str
    offset: int
    length: int
    capacity: int | None = None
    compression: str = ""
    controller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine description: the one virtual system of an OVF.

    Attributes:
        memory: Bytes of memory, 0 when unknown.
        firmware: ``bios``, ``efi`` or ``""`` when the OVF does not say.
        disks: In boot order; the first is the root disk.
        macs: One per network card, ``""`` where the address is generated.
        os_type: The OVF's own words for the operating system.
    """

    name: str = ""
    cpus: int = 0
    memory: int = 0
    firmware: str = ""
    os_type: str = ""
    disks: tuple[ApplianceDisk, ...] = ()
    macs: tuple[str, ...] = field(default=())

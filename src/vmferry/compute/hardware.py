# SPDX-License-Identifier: Apache-2.0
"""Which controller and network card a guest gets: the best that its kernel drives.

The disk's driver must be there before the root file system is: in the kernel's image or in its
initramfs. The card's may be a module that the root file system has.

    Disk    Drivers                       Card    Drivers
    virtio  virtio_pci, virtio_blk        virtio  virtio_pci, virtio_net
    nvme    nvme                          e1000e  e1000e
    scsi    virtio_pci, virtio_scsi       e1000   e1000
    ahci    ahci
    ide     ata_piix

A guest whose drivers are not known gets IDE and e1000, which most systems since 2000 drive.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from vmferry.model.guest import Kernel


class Bus(StrEnum):
    """How a disk is attached; ``scsi`` is virtio-scsi."""

    VIRTIO = "virtio"
    NVME = "nvme"
    SCSI = "scsi"
    AHCI = "ahci"
    IDE = "ide"


class Nic(StrEnum):
    """A network card's model."""

    VIRTIO = "virtio"
    E1000E = "e1000e"
    E1000 = "e1000"


class Hardware(NamedTuple):
    """What a machine is given for a guest."""

    bus: Bus
    nic: Nic


BUSES: Final = {
    Bus.VIRTIO: {"virtio_pci", "virtio_blk"},
    Bus.NVME: {"nvme"},
    Bus.SCSI: {"virtio_pci", "virtio_scsi"},
    Bus.AHCI: {"ahci"},
    Bus.IDE: {"ata_piix"},
}
"""What the kernel must have to find its root there, the best first."""

NICS: Final = {
    Nic.VIRTIO: {"virtio_pci", "virtio_net"},
    Nic.E1000E: {"e1000e"},
    Nic.E1000: {"e1000"},
}
"""What the guest must have to be reached there, the best first."""


def choose(kernel: Kernel | None) -> Hardware:
    """Return the hardware for the kernel that boots; ``None`` where it is not known."""
    if kernel is None:
        return Hardware(Bus.IDE, Nic.E1000)
    early = {*kernel.built_in, *kernel.in_initramfs}
    late = early | {*kernel.modules}
    return Hardware(
        next((bus for bus, drivers in BUSES.items() if drivers <= early), Bus.IDE),
        next((nic for nic, drivers in NICS.items() if drivers <= late), Nic.E1000),
    )

# SPDX-License-Identifier: Apache-2.0
"""The machine that an exported appliance describes: what the image says and what its disks show.

An image knows neither processors nor memory nor cards: whoever deploys the appliance can change
what is written here, but a controller that the guest has no driver for keeps it from starting. So
controller and card are those for which the guest's first kernel has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.appliances.ovf.systems import system_of
from vmferry.errors import VmferryError
from vmferry.guest import inspect
from vmferry.model.guest import BootMode
from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard, Product
from vmferry.units import GIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.model.disk import Disk
    from vmferry.model.guest import GuestFacts, Kernel

CPUS: Final = 2
MEMORY: Final = 2 * GIB
"""What the distributions of the guide's tables ask for at least."""

_CONTROLLERS: Final = (("ahci", "sata"), ("nvme", "nvme"), ("ata_piix", "ide"))
_CARDS: Final = (("e1000e", "E1000e"), ("e1000", "E1000"))
_OLDEST: Final = 10
_UEFI: Final = 13
_SETTINGS: Final = {BootMode.UEFI.value: "efi", "uefi-preferred": "efi"}
_32_BIT: Final = "i386"


def machine_of(name: str, disks: Sequence[Disk], boot_mode: str = "") -> Machine:
    """Return the description of a machine.

    Args:
        name: What it is called.
        disks: Its disks, the boot disk first; of data disks alone nothing more is known.
        boot_mode: The image's, ``""`` for what the guest prefers.
    """
    try:
        facts = inspect(disks)
    except VmferryError:
        # No guest, or none that we know: the disks go out all the same.
        return Machine(name=name, firmware=_SETTINGS.get(boot_mode, ""), cards=(NetworkCard(),))
    return _described(name, facts, boot_mode or facts.boot_modes[0], len(disks))


def _described(name: str, facts: GuestFacts, boot_mode: str, count: int) -> Machine:
    kernel = facts.kernels[0] if facts.kernels else None
    bits = 32 if facts.architecture == _32_BIT else 64
    release = kernel.release if kernel else ""
    system = system_of(facts.distribution, facts.version, release, bits=bits)
    firmware = _SETTINGS.get(boot_mode, "bios")
    controller = _controller(kernel)
    family = max(system.hardware, _UEFI if "efi" in firmware or controller == "nvme" else _OLDEST)
    return Machine(
        name=name,
        cpus=CPUS,
        memory=MEMORY,
        firmware=firmware,
        hardware=f"vmx-{family}",
        os_id=system.os_id,
        os_type=system.os_type,
        os_description=facts.pretty_name,
        product=Product(name=facts.pretty_name, version=facts.version),
        cards=(NetworkCard(adapter=_card(kernel)),),
        disks=(ApplianceDisk(controller=controller),) * count,
    )


def _controller(kernel: Kernel | None) -> str:
    """Return the controller that the kernel finds its root on, ``""`` if nothing speaks for one."""
    ready = {*kernel.built_in, *kernel.in_initramfs} if kernel else set()
    return next((name for driver, name in _CONTROLLERS if driver in ready), "")


def _card(kernel: Kernel | None) -> str:
    """Return a card that the kernel drives; those without the drivers of Intel's have VMware's."""
    known = {*kernel.built_in, *kernel.in_initramfs, *kernel.modules} if kernel else set()
    found = next((name for driver, name in _CARDS if driver in known), "")
    return found or ("VmxNet3" if kernel and known else "")

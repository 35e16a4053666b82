# SPDX-License-Identifier: Apache-2.0
"""Puts the disks of a machine on controllers so that their order stays the order of a boot.

A reader orders disks by controller and by address; so a new controller begins wherever the kind or
the model changes, and where one is full.

Source: VMware, "Virtual Machine Hardware Features" (vSphere 6.7), for the most disks on one
controller; 7 on SCSI is the controller itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vmferry.appliances.ovf.hardware import CONTROLLERS, OTHER_STORAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.model.machine import ApplianceDisk

ADAPTERS: Final = {
    "ide": "",
    "scsi": "lsilogic",
    "sata": "vmware.sata.ahci",
    "nvme": "vmware.nvme.controller",
}
"""The model of a controller where a machine does not name one; VMware has one kind of IDE."""

_TYPES: Final = {kind: number for number, kind in CONTROLLERS.items()}
_ADDRESSES: Final = {
    "ide": (0, 1),
    "scsi": tuple(at for at in range(16) if at != 7),
    "sata": tuple(range(30)),
    "nvme": tuple(range(15)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one disk goes.

    Attributes:
        number: Of the disk, from 1.
        controller: The item of a controller that begins with this disk, or ``None``.
        parent: The controller's ``InstanceID``.
        address: On the controller.
    """

    number: int
    controller: dict[str, object] | None
    parent: int
    address: int


def attach(disks: Sequence[ApplianceDisk], first: int) -> Iterator[Place]:
    """Yield the place of each disk; items are numbered in the order in which they come.

    Args:
        disks: Each with a kind of controller.
        first: ``InstanceID`` of the next item.
    """
    buses = dict.fromkeys(_ADDRESSES, 0)
    on, parent, instance = ("", ""), 0, first
    addresses: Iterator[int] = iter(())
    for number, disk in enumerate(disks, 1):
        address = next(addresses, None) if on == (disk.controller, disk.adapter) else None
        controller = None
        if address is None:
            on = (disk.controller, disk.adapter)
            controller, parent = _controller(disk, buses[disk.controller]), instance
            buses[disk.controller] += 1
            addresses = iter(_ADDRESSES[disk.controller])
            address = next(addresses)
            instance += 1
        yield Place(number=number, controller=controller, parent=parent, address=address)
        instance += 1


def _controller(disk: ApplianceDisk, bus: int) -> dict[str, object]:
    return {
        "Address": bus,
        "ElementName": f"{disk.controller.upper()} controller {bus}",
        **({"ResourceSubType": disk.adapter} if disk.adapter else {}),
        "ResourceType": _TYPES.get(disk.controller, OTHER_STORAGE),
    }

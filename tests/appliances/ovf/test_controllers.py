# SPDX-License-Identifier: Apache-2.0
"""Disks on controllers: the order of a boot survives."""

from __future__ import annotations

from vmferry.appliances.ovf.controllers import attach
from vmferry.model.machine import ApplianceDisk


def places(*kinds: str) -> list[tuple[int, int, int]]:
    disks = [ApplianceDisk(controller=kind) for kind in kinds]
    found = list(attach(disks, 3))
    assert [place.number for place in found] == list(range(1, len(kinds) + 1))
    return [
        (place.parent, place.address, -1 if place.controller is None else bus(place.controller))
        for place in found
    ]


def bus(controller: dict[str, object]) -> int:
    address = controller["Address"]
    assert isinstance(address, int)
    return address


def test_one_controller_for_disks_of_one_kind() -> None:
    assert places("scsi", "scsi", "scsi") == [(3, 0, 0), (3, 1, -1), (3, 2, -1)]


def test_a_new_controller_where_the_kind_changes() -> None:
    assert places("scsi", "ide", "scsi", "ide") == [(3, 0, 0), (5, 0, 0), (7, 0, 1), (9, 0, 1)]


def test_a_new_controller_where_the_model_changes() -> None:
    disks = [ApplianceDisk(controller="scsi", adapter=name) for name in ("lsilogic", "VirtualSCSI")]
    found = [place.controller for place in attach(disks, 3)]
    assert [each and each["ResourceSubType"] for each in found] == ["lsilogic", "VirtualSCSI"]


def test_a_full_controller_is_followed_by_another() -> None:
    assert places("ide", "ide", "ide") == [(3, 0, 0), (3, 1, -1), (6, 0, 1)]
    scsi = places(*["scsi"] * 16)
    assert [address for _, address, _ in scsi] == [*range(7), *range(8, 16), 0]
    assert scsi[-1] == (19, 0, 1)
    assert [places(*["sata"] * 31)[-1][2], places(*["nvme"] * 16)[-1][2]] == [1, 1]


def test_the_types_of_controllers() -> None:
    disks = [ApplianceDisk(controller=kind) for kind in ("ide", "scsi", "sata", "nvme")]
    found = [place.controller for place in attach(disks, 3)]
    assert [each and each["ResourceType"] for each in found] == ["5", "6", "20", "20"]
    assert "ResourceSubType" not in (found[0] or {})

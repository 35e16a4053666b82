# SPDX-License-Identifier: Apache-2.0
"""How the first disk can be started: by a BIOS, by UEFI, or by both.

Source: UEFI Specification 2.10, sections 5.2.1, 5.2.2 and 13.3 (system partition).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.model.guest import BootMode
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from vmferry.guest.window import Window
    from vmferry.model.guest import Partition

BOOT_CODE: Final = slice(0, 440)
SIGNATURE: Final = b"\x55\xaa"
ESP_KINDS: Final = ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef")


def modes(disk: Window, partitions: tuple[Partition, ...]) -> tuple[BootMode, ...]:
    """Return the modes that ``disk`` was prepared for, BIOS first; empty when for none."""
    sector = disk.peek(0, SECTOR)
    found = []
    if sector[510:512] == SIGNATURE and any(sector[BOOT_CODE]):
        found.append(BootMode.LEGACY_BIOS)
    if any(partition.kind in ESP_KINDS for partition in partitions if partition.disk == 0):
        found.append(BootMode.UEFI)
    return tuple(found)

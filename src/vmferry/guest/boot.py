# SPDX-License-Identifier: Apache-2.0
"""How the first disk can be started: by a BIOS, by UEFI, or by both.

Sources: UEFI Specification 2.10, sections 3.5.1.1 (file names of the default loader), 5.2.1, 5.2.2
and 13.3 (system partition); GNU GRUB manual 2.12, "BIOS installation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.model.guest import BootMode
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.settings import Settings
    from vmferry.guest.window import Window
    from vmferry.model.guest import Partition

BOOT_CODE: Final = slice(0, 440)
SIGNATURE: Final = b"\x55\xaa"
ESP_KINDS: Final = ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef")
BIOS_BOOT: Final = "21686148-6449-6e6f-744e-656564454649"
LOADERS: Final = ("BOOTX64.EFI", "BOOTAA64.EFI", "BOOTIA32.EFI")
FOLDER: Final = "/EFI/BOOT"
"""What firmware starts without having been told of a loader, as after an import."""


def modes(
    disk: Window, partitions: Sequence[Partition], esp: Settings | None = None
) -> tuple[BootMode, ...]:
    """Return the modes that ``disk`` was prepared for, BIOS first; empty when for none.

    Args:
        disk: The first disk.
        partitions: Of all disks.
        esp: The files of the first disk's EFI system partition.
    """
    found = []
    if _has_boot_code(disk, partitions):
        found.append(BootMode.LEGACY_BIOS)
    if esp is not None and any(esp.exists(f"{FOLDER}/{name}") for name in LOADERS):
        found.append(BootMode.UEFI)
    return tuple(found)


def _has_boot_code(disk: Window, partitions: Sequence[Partition]) -> bool:
    """Tell whether a BIOS finds a loader.

    With a GPT that has an EFI system partition, code in the first sector is not enough: Windows and
    some partitioners leave a message there. GRUB's next stage needs a BIOS-boot partition then.
    """
    sector = disk.peek(0, SECTOR)
    if sector[510:512] != SIGNATURE or not any(sector[BOOT_CODE]):
        return False
    kinds = {partition.kind for partition in partitions if partition.disk == 0}
    return BIOS_BOOT in kinds or ESP_KINDS[0] not in kinds


def esp_of(partitions: Sequence[Partition]) -> int | None:
    """Return the index of the first disk's EFI system partition, ``None`` if it has none."""
    return next(
        (
            index
            for index, partition in enumerate(partitions)
            if partition.disk == 0 and partition.kind in ESP_KINDS
        ),
        None,
    )

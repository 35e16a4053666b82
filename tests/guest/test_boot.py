# SPDX-License-Identifier: Apache-2.0
"""Boot modes by the first sector and the partitions' types."""

from __future__ import annotations

import pytest
from tests.guest.test_window import Memory
from tests.guest.trees import tree_of

from vmferry.guest.boot import BIOS_BOOT, ESP_KINDS, esp_of, modes
from vmferry.guest.settings import Settings
from vmferry.guest.window import Window
from vmferry.model.guest import BootMode, Partition

BIOS, UEFI = BootMode.LEGACY_BIOS, BootMode.UEFI
CODE = b"\xeb".ljust(510, b"\0") + b"\x55\xaa"
NO_CODE = bytes(446) + b"\x80".ljust(64, b"\0") + b"\x55\xaa"


GPT = "0fc63daf-8483-4772-8e79-3d69d8477de4"
LOADER = {"EFI/BOOT/BOOTX64.EFI": "x"}
VENDOR = {"EFI/debian/shimx64.efi": "x"}


def _disk(sector: bytes) -> Window:
    return Window(Memory(sector), 0, len(sector), "disk 0")


def _partitions(*kinds: str, disk: int = 0) -> list[Partition]:
    return [
        Partition(disk=disk, number=number, offset=0, size=1, kind=kind)
        for number, kind in enumerate(kinds, 1)
    ]


@pytest.mark.parametrize(
    ("sector", "kinds", "files", "found"),
    [
        (CODE, ["0x83"], None, (BIOS,)),
        (CODE, [GPT], None, (BIOS,)),
        (CODE, [BIOS_BOOT, ESP_KINDS[0]], LOADER, (BIOS, UEFI)),
        (CODE, ["0x83", ESP_KINDS[1]], LOADER, (BIOS, UEFI)),
        (CODE, [ESP_KINDS[0], GPT], LOADER, (UEFI,)),
        (CODE, [BIOS_BOOT, ESP_KINDS[0]], VENDOR, (BIOS,)),
        (NO_CODE, ESP_KINDS[:1], {"EFI/BOOT/BOOTAA64.EFI": "x"}, (UEFI,)),
        (NO_CODE, ESP_KINDS[:1], VENDOR, ()),
        (NO_CODE, ["0x83"], None, ()),
        (CODE[:510] + b"\0\0", ["0x83"], None, ()),
        (b"", [], None, ()),
    ],
)
def test_modes(
    sector: bytes,
    kinds: list[str],
    files: dict[str, str | bytes] | None,
    found: tuple[BootMode, ...],
) -> None:
    esp = None if files is None else Settings(tree_of(files))
    assert modes(_disk(sector), _partitions(*kinds), esp) == found


def test_the_system_partition_is_on_the_first_disk() -> None:
    assert esp_of(_partitions(GPT, ESP_KINDS[0])) == 1
    assert esp_of(_partitions(ESP_KINDS[0], disk=1)) is None

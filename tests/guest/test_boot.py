# SPDX-License-Identifier: Apache-2.0
"""Boot modes by the first sector and the partitions' types."""

from __future__ import annotations

import pytest
from tests.guest.test_window import Memory

from vmferry.guest.boot import ESP_KINDS, modes
from vmferry.guest.window import Window
from vmferry.model.guest import BootMode, Partition

BIOS, UEFI = BootMode.LEGACY_BIOS, BootMode.UEFI
CODE = b"\xeb".ljust(510, b"\0") + b"\x55\xaa"
NO_CODE = bytes(446) + b"\x80".ljust(64, b"\0") + b"\x55\xaa"


@pytest.mark.parametrize(
    ("sector", "kind", "found"),
    [
        (CODE, "0x83", (BIOS,)),
        (CODE, ESP_KINDS[0], (BIOS, UEFI)),
        (NO_CODE, ESP_KINDS[0], (UEFI,)),
        (NO_CODE, ESP_KINDS[1], (UEFI,)),
        (NO_CODE, "0x83", ()),
        (CODE[:510] + b"\0\0", "0x83", ()),
        (b"", "", ()),
    ],
)
def test_modes(sector: bytes, kind: str, found: tuple[BootMode, ...]) -> None:
    disk = Window(Memory(sector), 0, len(sector), "disk 0")
    esp = Partition(disk=0, number=1, offset=0, size=1, kind=kind)
    assert modes(disk, (esp,)) == found


def test_an_esp_of_another_disk_does_not_start_this_one() -> None:
    disk = Window(Memory(NO_CODE), 0, 512, "disk 0")
    assert modes(disk, (Partition(disk=1, number=1, offset=0, size=1, kind=ESP_KINDS[0]),)) == ()

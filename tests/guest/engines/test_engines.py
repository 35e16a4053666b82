# SPDX-License-Identifier: Apache-2.0
"""How Linux calls what is mounted."""

from __future__ import annotations

import pytest

from vmferry.guest.engines import device_name


@pytest.mark.parametrize(
    ("disk", "number", "volume", "name"),
    [
        (0, 1, "", "/dev/sda1"),
        (1, 0, "", "/dev/sdb"),
        (25, 12, "", "/dev/sdz12"),
        (26, 1, "", "/dev/sdaa1"),
        (53, 2, "", "/dev/sdbb2"),
        (0, 0, "vg/root", "/dev/vg/root"),
    ],
)
def test_names_of_devices(disk: int, number: int, volume: str, name: str) -> None:
    assert device_name(disk, number, volume) == name

# SPDX-License-Identifier: Apache-2.0
"""Devices of a task, as qemu-img sees and writes them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces, same, text
from tests.jobs.maps import stored

from vmferry.errors import IntegrityError
from vmferry.jobs._sockets import served
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.jobs._rooms import Rooms

DISK = Pieces(3 * MIB, {MIB: text(1, MIB)})


@pytest.mark.oracle
def test_a_deep_folder_has_short_sockets(rooms: Rooms, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    with served([stored(rooms, DISK)], folder) as (disk,):
        uri = f"nbd+unix:///?socket={disk.server.path}"
        subprocess.run(["qemu-io", "-f", "raw", uri, "-c", "write -P 7 0 512"], check=True)
        assert disk.device.read_at(0, 513) == b"\7" * 512 + b"\0"
        assert same(disk.device.base, DISK)
    assert not list(folder.glob("*.nbd"))


def test_what_a_killed_step_wrote_is_gone(rooms: Rooms, tmp_path: Path) -> None:
    map_id = stored(rooms, DISK)
    with served([map_id], tmp_path / "d") as (disk,):
        disk.device.write_at(0, b"x")
        disk.device.flush()
    with served([map_id], tmp_path / "d") as (disk,):
        assert same(disk.device, DISK)


def test_a_failed_read_is_the_cause(rooms: Rooms, tmp_path: Path) -> None:
    def confused() -> None:
        with served([stored(rooms, DISK)], tmp_path / "d") as (disk,):
            disk.server.failure = IntegrityError("it is damaged")
            raise RuntimeError("the client is confused")

    with pytest.raises(IntegrityError, match="it is damaged"):
        confused()

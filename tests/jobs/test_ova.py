# SPDX-License-Identifier: Apache-2.0
"""An OVA of an image's snapshots: a drawn guest and a disk of data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from tests.blocks.disks import Pieces, noise, same
from tests.fixtures.rooms import steps_of
from tests.jobs.maps import stored

from vmferry import formats
from vmferry.appliances import open_appliance
from vmferry.errors import TaskCancelledError
from vmferry.jobs._export import Artifact
from vmferry.jobs._ova import FORMAT, assemble_ova, export_ova
from vmferry.stores import open_source
from vmferry.stores.directory import FileSource
from vmferry.tasks.steps import CANCELLED
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps

DATA = Pieces(150 * MIB, {MIB: noise(1, 80 * MIB)})


@pytest.mark.oracle
def test_every_disk_is_in_it_and_the_guest_is_described(
    rooms: Rooms, drawn: Callable[[str], list[Path]]
) -> None:
    guest = formats.open_disk(open_source(f"file://{drawn('debian-12')[0]}"), "raw")
    maps = [stored(rooms, guest, "import-ami-1.0"), stored(rooms, DATA, "import-ami-1.1")]
    steps, shares = cast("Steps", steps_of(rooms, "export-ami-1")), list[tuple[int, float]]()
    path = export_ova(steps, maps, "web", "legacy-bios", lambda *share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == (1, 1.0)
    digest = hashlib.sha256(Path(path).read_bytes()).digest()
    again = export_ova(steps, maps, "web", "legacy-bios", lambda *_share: None)
    assert digest == hashlib.sha256(Path(again).read_bytes()).digest()
    appliance = open_appliance(FileSource(Path(path), "web.ova"))
    machine = appliance.machine
    assert (machine.name, machine.firmware, machine.hardware) == ("web", "bios", "vmx-20")
    assert (machine.os_id, machine.os_type) == (96, "debian12_64Guest")
    assert (machine.cpus, machine.memory, len(machine.cards)) == (2, 2 * GIB, 1)
    for member, disk in zip(machine.disks, (guest, DATA), strict=True):
        assert same(formats.open_disk(appliance.disk_file(member), "vmdk"), disk)


def test_a_cancelled_task_assembles_nothing(rooms: Rooms, tmp_path: Path) -> None:
    (tmp_path / CANCELLED).touch()
    artifact = Artifact(stored(rooms, Pieces(MIB, {})), *FORMAT)
    with pytest.raises(TaskCancelledError):
        assemble_ova([artifact], [], ("web", ""), str(tmp_path / "ova"), str(tmp_path))

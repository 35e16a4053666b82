# SPDX-License-Identifier: Apache-2.0
"""What is booted and with what; real boots are in tests/flows and tests/compute."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from tests.fixtures.rooms import steps_of
from tests.guests import drawing
from tests.jobs.maps import stored

from vmferry import config, formats
from vmferry.compute import accelerator
from vmferry.compute.boot_check import BootReport
from vmferry.compute.drives import NbdExport
from vmferry.compute.hardware import Bus, Nic
from vmferry.errors import GuestError
from vmferry.jobs import _boot, _rooms
from vmferry.jobs._boot import boot_disks, is_wanted
from vmferry.stores import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.compute.machine import Machine
    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps


@pytest.fixture
def booted(monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """The machines that were booted; instead of that they come up at once."""
    machines: list[Machine] = []

    def boot(machine: Machine, *_: object, **__: object) -> BootReport:
        machines.append(machine)
        return BootReport(booted=True, seconds=1.5, accelerator="tcg", address="10.0.2.15")

    monkeypatch.setattr(_boot, "check_boot", boot)
    return machines


def debian(rooms: Rooms, folder: Path) -> str:
    (path,) = drawing.draw(drawing.load("debian-12"), folder)
    return stored(rooms, formats.open_disk(open_source(f"file://{path}"), "raw"))


@pytest.mark.oracle
def test_the_machine_has_what_the_guest_has_drivers_for(
    rooms: Rooms, tmp_path: Path, booted: list[Machine]
) -> None:
    steps = steps_of(rooms, "import-ami-1")
    map_id = debian(rooms, tmp_path)
    boot_disks(cast("Steps", steps), [map_id], "legacy-bios", ("02:00:00:00:00:01", ""))
    (machine,) = booted
    (drive,) = machine.drives
    assert isinstance(drive.source, NbdExport)
    assert (drive.bus, drive.durable) == (Bus.IDE, False)
    assert machine.card is not None
    assert (machine.card.nic, machine.card.mac) == (Nic.E1000, "02:00:00:00:00:01")
    assert steps.detail["boot"]["address"] == "10.0.2.15"
    assert not (steps.work / "boot").exists()


@pytest.mark.oracle
def test_a_guest_that_does_not_boot_is_refused(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = BootReport(
        booted=False, seconds=9, accelerator="tcg", failure="kernel panic", console=("a", "b")
    )
    monkeypatch.setattr(_boot, "check_boot", lambda *_, **__: report)
    steps = steps_of(rooms, "import-ami-1")
    with pytest.raises(GuestError, match="boot check: kernel panic") as caught:
        boot_disks(cast("Steps", steps), [debian(rooms, tmp_path)], "legacy-bios", ())
    assert caught.value.aws_text.startswith("FirstBootFailure: This import request failed")
    assert caught.value.hint.endswith("a; b")
    assert steps.detail["boot"]["console"] == ("a", "b")


@pytest.mark.parametrize(
    ("setting", "kvm", "wanted"),
    [
        ("always", False, True),
        ("never", True, False),
        ("auto", True, True),
        ("auto", False, False),
    ],
)
def test_when_machines_are_booted(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, setting: str, kvm: bool, wanted: bool
) -> None:
    found = accelerator.KVM if kvm else accelerator.emulation("it is broken")
    monkeypatch.setattr(accelerator, "probe", lambda: found)
    settings = replace(rooms.config, compute=config.Compute(boot_check=setting))
    monkeypatch.setattr(_rooms, "_mine", replace(rooms, config=settings))
    assert is_wanted() is wanted

# SPDX-License-Identifier: Apache-2.0
"""When an engine is started and what it is asked; engines have tests of their own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from vmferry.guest import inspection
from vmferry.guest.engines import Drive, Engine, Mount
from vmferry.guest.mending import Workshop, mend
from vmferry.model.fixup import Action, Choices, Edit, GuestMount, Plan, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

EDIT = Edit(path="/etc/fstab", action=Action.WRITE, reasons=(Reason(fixup="fstab", why="old"),))
ROOT = GuestMount(path="/", disk=0, number=2, options="subvol=@")
BOOT = GuestMount(path="/boot", disk=1, number=0, volume="vg/boot")
MOUNTS = [Mount("/", "/dev/sda2", "subvol=@"), Mount("/boot", "/dev/vg/boot", "")]


class Recorder:
    """An engine that does nothing and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def settle(self, mounts: Sequence[Mount]) -> None:
        """Remember it."""
        self.asked.append(("settle", list(mounts)))

    def apply(self, mounts: Sequence[Mount], edits: Sequence[Edit]) -> None:
        """Remember it."""
        self.asked.append(("apply", list(mounts), [edit.path for edit in edits]))

    @contextmanager
    def start(
        self, drives: Sequence[Drive], emulate: bool, scratch: Path, tick: Callable[[], None]
    ) -> Iterator[Recorder]:
        """Remember it."""
        self.asked.append((drives, emulate, scratch))
        tick()
        yield self
        self.asked.append("stopped")


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """What the next plans are."""
    plans: list[Plan] = []
    monkeypatch.setattr(inspection, "plan", lambda _disks, _choices: plans.pop(0))
    return plans


def mended(recorder: Recorder, folder: Path) -> Plan:
    workshop = Workshop(
        emulate=True,
        scratch=folder,
        tick=lambda: None,
        engine=Engine(name="recorder", start=recorder.start),
    )
    return mend([], [Drive(file="x")], Choices(fixups=("fstab",)), workshop)


def test_no_engine_is_started_for_nothing(planned: list[Plan], tmp_path: Path) -> None:
    planned.append(Plan(notes=("grub: none",)))
    recorder = Recorder()
    assert mended(recorder, tmp_path).notes == ("grub: none",)
    assert recorder.asked == []


def test_edits_are_applied_and_looked_for_again(planned: list[Plan], tmp_path: Path) -> None:
    plan = Plan(edits=(EDIT,), mounts=(ROOT, BOOT))
    planned += [plan, Plan()]
    recorder = Recorder()
    assert mended(recorder, tmp_path) == plan
    assert recorder.asked == [
        ([Drive(file="x")], True, tmp_path),
        ("apply", MOUNTS, ["/etc/fstab"]),
        "stopped",
    ]


def test_a_journal_is_replayed_before_the_plan(planned: list[Plan], tmp_path: Path) -> None:
    dirty = GuestMount(path="/", disk=0, number=1, clean=False)
    planned += [
        Plan(edits=(EDIT,), mounts=(dirty,)),
        Plan(edits=(EDIT, EDIT), mounts=(dirty,)),
        Plan(),
    ]
    recorder = Recorder()
    assert len(mended(recorder, tmp_path).edits) == 2
    assert recorder.asked[1:3] == [
        ("settle", [Mount("/", "/dev/sda1", "")]),
        ("apply", [Mount("/", "/dev/sda1", "")], ["/etc/fstab", "/etc/fstab"]),
    ]


def test_what_a_fixup_still_wants_is_noted(planned: list[Plan], tmp_path: Path) -> None:
    planned += [Plan(edits=(EDIT,), mounts=(ROOT,)), Plan(edits=(EDIT,), mounts=(ROOT,))]
    assert mended(Recorder(), tmp_path).notes == ("fstab: /etc/fstab is still to be edited",)

# SPDX-License-Identifier: Apache-2.0
"""Plans of drawn guests, made in the child; and a fix-up that fails."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from tests.guest.fixups.mending import facts_of
from tests.guest.trees import tree_of
from tests.guests import drawing

from vmferry import formats
from vmferry.errors import GuestError
from vmferry.guest import fixups, inspection, planning
from vmferry.guest.draft import Draft
from vmferry.guest.fixups import Fixup
from vmferry.model.fixup import Choices, GuestMount
from vmferry.stores import open_source

if TYPE_CHECKING:
    from pathlib import Path

ALL = Choices(fixups=tuple(each.name for each in fixups.all_fixups()))


@pytest.mark.oracle
def test_the_plan_of_a_drawn_guest(tmp_path: Path) -> None:
    disks = [
        formats.open_disk(open_source(f"file://{path}"), "raw")
        for path in drawing.draw(drawing.load("debian-12"), tmp_path)
    ]
    plan = inspection.plan(disks, dataclasses.replace(ALL, fixups=("fstab",)))
    (edit,) = plan.edits
    assert edit.path == "/etc/fstab"
    assert edit.before is not None
    assert "/dev/sda1 / ext4" in edit.before
    assert f"UUID={drawing.UUID} / ext4" in edit.after
    assert plan.mounts == (GuestMount(path="/", disk=0, number=1),)
    assert inspection.plan(disks, Choices(fixups=())).edits == ()


def test_a_fixup_that_fails_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(draft: Draft, _facts: object, _choices: object) -> None:
        draft.write("/etc/x", "half", "why")
        raise GuestError("/etc/y: is damaged")

    monkeypatch.setattr(planning, "FIXUPS", (Fixup(name="broken", summary="", plan=fail),))
    draft = Draft(tree_of({}))
    planning.draw(draft, facts_of({}), Choices(fixups=("broken",)))
    assert draft.edits() == ()
    assert draft.notes == ["broken: /etc/y: is damaged"]
    planning.draw(draft, facts_of({}), Choices(fixups=()))
    assert len(draft.notes) == 1


@pytest.mark.parametrize("fixup", fixups.all_fixups(), ids=lambda each: str(each.name))
def test_every_fixup_says_what_it_does(fixup: Fixup) -> None:
    assert 10 < len(fixup.summary) < 100
    assert 0 <= fixup.rank < 100


@pytest.mark.parametrize("fixup", fixups.all_fixups(), ids=lambda each: str(each.name))
def test_no_fixup_touches_a_guest_without_files(fixup: Fixup) -> None:
    draft = Draft(tree_of({}))
    draft.begin(fixup.name)
    fixup.plan(draft, facts_of({}), ALL)
    assert draft.edits() == ()

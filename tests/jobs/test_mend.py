# SPDX-License-Identifier: Apache-2.0
"""A drawn guest is mended between its two maps; a guest that needs nothing costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from tests.fixtures.rooms import steps_of
from tests.guests import drawing
from tests.jobs.maps import stored

from vmferry import config, formats
from vmferry.errors import SetupError, TaskCancelledError
from vmferry.guest import inspection
from vmferry.jobs._mend import choices_of, keep_changes, mend_disks, mend_machine, plan_machine
from vmferry.model.fixup import Choices, Network
from vmferry.stores import open_source
from vmferry.tasks.steps import CANCELLED
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.blocks import SnapshotDisk
    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps

FSTAB = Choices(fixups=("fstab",))


@pytest.fixture
def debian(rooms: Rooms, tmp_path: Path) -> str:
    """The map of a drawn Debian 12, which has a device name in its fstab."""
    (path,) = drawing.draw(drawing.load("debian-12"), tmp_path)
    return stored(rooms, formats.open_disk(open_source(f"file://{path}"), "raw"))


def different(one: SnapshotDisk, other: SnapshotDisk) -> list[int]:
    return [
        at
        for at in range(0, one.size, BLOCK)
        if one.read_at(at, min(BLOCK, one.size - at))
        != other.read_at(at, min(BLOCK, one.size - at))
    ]


@pytest.mark.oracle
def test_only_what_changed_is_added(rooms: Rooms, debian: str) -> None:
    steps = steps_of(rooms, "import-ami-1")
    (mended,) = mend_disks(cast("Steps", steps), [debian], FSTAB)
    assert mended == "import-ami-1.0-mended"
    (edit,) = steps.detail["fixups"]["edits"]
    assert (edit["path"], edit["backup"]) == ("/etc/fstab", ".fstab.before-vmferry")
    assert f"+UUID={drawing.UUID} / ext4" in edit["difference"]
    before, after = rooms.snapshot_disk(debian), rooms.snapshot_disk(mended)
    assert 0 < len(different(before, after)) < 12
    (root,) = inspection.inspect([after]).fstab
    assert (root.spec, root.partition) == (f"UUID={drawing.UUID}", 0)
    assert inspection.inspect([before]).fstab[0].spec == "/dev/sda1"
    assert plan_machine([mended], {"fixups": ["fstab"], "network": "dhcp", "macs": []}) == {
        "edits": [],
        "notes": [],
    }
    # A step that was killed after its work, and before that was recorded, is done again.
    assert keep_changes(debian, "import-ami-1", 0, str(steps.work)) == mended


def test_nothing_to_do_starts_nothing(rooms: Rooms, debian: str) -> None:
    steps = steps_of(rooms, "import-ami-1")
    assert mend_disks(cast("Steps", steps), [debian], Choices(fixups=())) == [debian]
    assert steps.detail["fixups"] == {"edits": [], "notes": []}
    assert list(steps.work.iterdir()) == []


def test_a_cancelled_task_is_not_mended(rooms: Rooms, debian: str) -> None:
    steps = steps_of(rooms, "import-ami-1")
    (steps.work / CANCELLED).touch()
    wanted = {"fixups": ["fstab"], "network": "dhcp", "macs": []}
    with pytest.raises(TaskCancelledError):
        mend_machine([debian], wanted, str(steps.work))


def test_choices_are_the_settings() -> None:
    settings = config.Guest(fixups=("all", "-fstab"), network="keep")
    choices = choices_of(settings, ("02:00:00:00:00:01",))
    assert "fstab" not in choices.fixups
    assert (choices.network, choices.macs) == (Network.KEEP, ("02:00:00:00:00:01",))
    with pytest.raises(SetupError, match="'fstap' is unknown"):
        choices_of(config.Guest(fixups=("fstap",)), ())

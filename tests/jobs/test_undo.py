# SPDX-License-Identifier: Apache-2.0
"""The unmodified image: new snapshots of what was kept, everything else as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.catalog.records import OWNER, image, snapshot

from vmferry.catalog import images, snapshots
from vmferry.errors import ApiError, CallerError
from vmferry.jobs._undo import unmodified

if TYPE_CHECKING:
    from vmferry.jobs._rooms import Rooms
    from vmferry.model.catalog import Image, Snapshot


def recorded(rooms: Rooms, *given: Snapshot) -> Image:
    made = image(snapshots=tuple(each.id for each in given))
    with rooms.engine.begin() as connection:
        for each in given:
            snapshots.add(connection, each)
        images.add(connection, made)
    return made


def test_changed_disks_are_as_they_were(rooms: Rooms) -> None:
    mended = replace(snapshot(), map_id="t.0-mended", original="t.0")
    data = snapshot()
    given = recorded(rooms, mended, data)
    undone = rooms.images.find(OWNER, unmodified(rooms, given.id).id)
    assert undone.name == "debian-unmodified"
    first, second = undone.devices
    assert first.snapshot_id != mended.id
    assert second.snapshot_id == data.id
    original = rooms.snapshots.find(OWNER, first.snapshot_id)
    assert (original.map_id, original.original, original.size) == ("t.0", "", mended.size)
    assert rooms.images.find(OWNER, given.id) == given
    with pytest.raises(ApiError, match="debian-unmodified is already in use by AMI ami-"):
        unmodified(rooms, given.id)
    # The kept map outlives the mended snapshot.
    rooms.images.deregister(OWNER, given.id)
    rooms.snapshots.delete(OWNER, mended.id)
    assert "t.0" in rooms.snapshots.map_ids()


def test_originals_are_kept_from_the_collector(rooms: Rooms) -> None:
    recorded(rooms, replace(snapshot(), map_id="t.0-mended", original="t.0"))
    assert rooms.snapshots.map_ids() == {"t.0-mended", "t.0"}


def test_an_image_that_was_not_changed(rooms: Rooms) -> None:
    given = recorded(rooms, snapshot())
    with pytest.raises(CallerError, match=f"{given.id}: nothing was changed in this image"):
        unmodified(rooms, given.id)

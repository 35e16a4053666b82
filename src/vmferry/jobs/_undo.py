# SPDX-License-Identifier: Apache-2.0
"""The image as it was before fix-ups: what they changed was kept beside what they made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.catalog import images, snapshots
from vmferry.database.engine import now
from vmferry.errors import CallerError
from vmferry.model import ids

if TYPE_CHECKING:
    from vmferry.jobs._rooms import Rooms
    from vmferry.model.catalog import Image, Snapshot

SUFFIX: Final = "-unmodified"


def unmodified(rooms: Rooms, image_id: str) -> Image:
    """Make an image of what was imported, before anything was changed in it; return its record.

    The given image stays as it is. No byte is copied.

    Raises:
        CallerError: Nothing was changed in the image.
        ApiError: There is no such image, or this was done before.
    """
    image = rooms.images.find(None, image_id)
    made: dict[str, Snapshot] = {}
    for device in image.devices:
        mended = rooms.snapshots.find(None, device.snapshot_id)
        if mended.original:
            made[mended.id] = replace(
                mended,
                id=ids.new("snap"),
                map_id=mended.original,
                original="",
                created=now(),
            )
    if not made:
        raise CallerError(
            f"{image_id}: nothing was changed in this image",
            hint="It is what was imported; its task has an empty list of fix-ups",
        )
    undone = replace(
        image,
        id=ids.new("ami"),
        name=image.name + SUFFIX,
        created=now(),
        devices=tuple(
            replace(device, snapshot_id=made[device.snapshot_id].id)
            if device.snapshot_id in made
            else device
            for device in image.devices
        ),
    )
    with rooms.engine.begin() as connection:
        for snapshot in made.values():
            snapshots.add(connection, snapshot)
        images.add(connection, undone)
    return undone

# SPDX-License-Identifier: Apache-2.0
"""Images (AMIs) as records: snapshots and how to boot them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError as DuplicateRow

from vmferry.database.tables import images
from vmferry.errors import ApiError
from vmferry.model import ids
from vmferry.model.catalog import BlockDevice, Image, Owner

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row

DEREGISTERED: Final = "deregistered"
"""The record stays, so that its id answers ``InvalidAMIID.Unavailable`` and not ``NotFound``."""

_COLUMNS: Final = ("id", "owner", "name", "state", "created")


class Images:
    """The table ``images``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, owner: Owner | None, image_id: str) -> Image:
        """Return the owner's image; whoever's, for the operator, if ``owner`` is ``None``.

        Raises:
            ApiError: ``InvalidAMIID.Malformed``, ``.NotFound`` or ``.Unavailable``.
        """
        if not ids.valid("ami", image_id):
            raise ApiError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}"')
        query = select(images).where(images.c.id == image_id)
        if owner is not None:
            query = query.where(images.c.account == owner.account, images.c.region == owner.region)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise ApiError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
        if row.state == DEREGISTERED:
            raise ApiError(
                "InvalidAMIID.Unavailable", f"The image id '[{image_id}]' is no longer available"
            )
        return _image(row)

    def owned(self, owner: Owner) -> list[Image]:
        """Return every image of the owner that is registered."""
        query = select(images).where(
            images.c.account == owner.account,
            images.c.region == owner.region,
            images.c.state != DEREGISTERED,
        )
        with self._engine.connect() as connection:
            return [_image(row) for row in connection.execute(query)]

    def register(self, image: Image) -> None:
        """Record an image; raises ``ApiError`` ``InvalidAMIName.Duplicate``."""
        with self._engine.begin() as connection:
            add(connection, image)

    def deregister(self, owner: Owner, image_id: str) -> Image:
        """Take the image out of use; its snapshots stay. Raises ``ApiError`` as ``find`` does."""
        image = self.find(owner, image_id)
        with self._engine.begin() as connection:
            connection.execute(
                update(images).where(images.c.id == image_id).values(state=DEREGISTERED)
            )
        return image


def add(connection: Connection, image: Image) -> None:
    """Record an image inside the caller's transaction; raises ``InvalidAMIName.Duplicate``."""
    query = select(images.c.id).where(
        images.c.account == image.owner.account,
        images.c.region == image.owner.region,
        images.c.name == image.name,
        images.c.state != DEREGISTERED,
    )
    twin = connection.execute(query).scalar()
    if twin:
        raise _duplicate(image.name, f"AMI {twin}")
    body = asdict(image)
    for column in _COLUMNS:
        del body[column]
    values = {
        "id": image.id,
        "account": image.owner.account,
        "region": image.owner.region,
        "name": image.name,
        "state": image.state,
        "body": body,
        "created": image.created,
    }
    try:
        connection.execute(insert(images).values(values))
    except DuplicateRow:
        raise _duplicate(image.name, "another request of this moment") from None


def _duplicate(name: str, user: str) -> ApiError:
    return ApiError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by {user}")


def users(connection: Connection, snapshot_id: str) -> list[str]:
    """Return the registered images, of any owner, that use the snapshot."""
    rows = connection.execute(select(images).where(images.c.state != DEREGISTERED))
    return [
        row.id
        for row in rows
        if any(device["snapshot_id"] == snapshot_id for device in row.body["devices"])
    ]


def _image(row: Row[Any]) -> Image:
    body = dict(row.body)
    devices = tuple(BlockDevice(**device) for device in body.pop("devices"))
    return Image(
        id=row.id,
        owner=Owner(account=row.account, region=row.region),
        name=row.name,
        state=row.state,
        created=row.created,
        devices=devices,
        **body,
    )

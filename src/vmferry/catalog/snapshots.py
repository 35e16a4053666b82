# SPDX-License-Identifier: Apache-2.0
"""Snapshots as records; their bytes are a block map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from vmferry.catalog.images import users
from vmferry.database.tables import snapshots
from vmferry.errors import ApiError
from vmferry.model import ids
from vmferry.model.catalog import Owner, Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row


class Snapshots:
    """The table ``snapshots``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, owner: Owner | None, snapshot_id: str) -> Snapshot:
        """Return the owner's snapshot; whoever's, for the operator, if ``owner`` is ``None``.

        Raises:
            ApiError: ``InvalidSnapshotID.Malformed`` or ``InvalidSnapshot.NotFound``.
        """
        if not ids.valid("snap", snapshot_id):
            raise ApiError("InvalidSnapshotID.Malformed", f'Invalid id: "{snapshot_id}"')
        query = select(snapshots).where(snapshots.c.id == snapshot_id)
        if owner is not None:
            query = query.where(
                snapshots.c.account == owner.account, snapshots.c.region == owner.region
            )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise ApiError(
                "InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist."
            )
        return _snapshot(row)

    def owned(self, owner: Owner) -> list[Snapshot]:
        """Return every snapshot of the owner."""
        query = select(snapshots).where(
            snapshots.c.account == owner.account, snapshots.c.region == owner.region
        )
        with self._engine.connect() as connection:
            return [_snapshot(row) for row in connection.execute(query)]

    def map_ids(self) -> set[str]:
        """Return the block maps of every snapshot of any owner, the originals too."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(snapshots.c.map_id, snapshots.c.original)).all()
        return {map_id for row in rows for map_id in row if map_id}

    def delete(self, owner: Owner, snapshot_id: str) -> None:
        """Remove the record; ``blocks.collect`` removes the bytes.

        Raises:
            ApiError: It does not exist, or an image uses it (``InvalidSnapshot.InUse``).
        """
        self.find(owner, snapshot_id)
        with self._engine.begin() as connection:
            by = users(connection, snapshot_id)
            if by:
                raise ApiError(
                    "InvalidSnapshot.InUse",
                    f"The snapshot {snapshot_id} is currently in use by {by[0]}",
                )
            connection.execute(delete(snapshots).where(snapshots.c.id == snapshot_id))


def add(connection: Connection, snapshot: Snapshot) -> None:
    """Record a snapshot inside the caller's transaction; its map is durable already."""
    values = {
        "id": snapshot.id,
        "account": snapshot.owner.account,
        "region": snapshot.owner.region,
        "size": snapshot.size,
        "map_id": snapshot.map_id,
        "description": snapshot.description,
        "state": snapshot.state,
        "encrypted": snapshot.encrypted,
        "kms_key_id": snapshot.kms_key_id,
        "created": snapshot.created,
        "original": snapshot.original,
    }
    connection.execute(insert(snapshots).values(values))


def _snapshot(row: Row[Any]) -> Snapshot:
    return Snapshot(
        id=row.id,
        owner=Owner(account=row.account, region=row.region),
        size=row.size,
        map_id=row.map_id,
        description=row.description,
        state=row.state,
        created=row.created,
        encrypted=row.encrypted,
        kms_key_id=row.kms_key_id,
        original=row.original,
    )

# SPDX-License-Identifier: Apache-2.0
"""The block index: digest to place, so that the same 512 KiB is stored once over all imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from vmferry.blocks.location import Location
from vmferry.database.tables import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Engine, Insert

_AT_ONCE: Final = 500
"""Digests per query: SQLite takes 32,766 variables, PostgreSQL more; plans stay small."""


class BlockIndex:
    """The table ``blocks``. A row is only a hint for sharing: maps carry their own places."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, digests: Sequence[bytes]) -> dict[bytes, Location]:
        """Return the places of those digests that are stored."""
        found: dict[bytes, Location] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(digests), _AT_ONCE):
                query = select(blocks).where(blocks.c.digest.in_(digests[start : start + _AT_ONCE]))
                for row in connection.execute(query):
                    segment = bytes.fromhex(row.segment)
                    found[row.digest] = Location(
                        row.digest, segment, row.offset, row.length, row.coding
                    )
        return found

    def add(self, locations: Iterable[Location]) -> None:
        """Record places; a digest that another worker recorded first keeps its place."""
        rows = [
            {
                "digest": item.digest,
                "segment": item.segment.hex(),
                "offset": item.offset,
                "length": item.length,
                "coding": item.coding,
            }
            # In one order in all workers: two with common digests must not wait for each other.
            for item in sorted(locations)
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(self._insert(), rows)

    def forget(self, segments: Sequence[str]) -> None:
        """Remove every row that points into one of the segments (hexadecimal ids)."""
        with self._engine.begin() as connection:
            for start in range(0, len(segments), _AT_ONCE):
                chosen = blocks.c.segment.in_(segments[start : start + _AT_ONCE])
                connection.execute(delete(blocks).where(chosen))

    def _insert(self) -> Insert:
        # The two dialects spell INSERT … ON CONFLICT alike, but by classes of their own.
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(blocks).on_conflict_do_nothing()
        return sqlite.insert(blocks).on_conflict_do_nothing()

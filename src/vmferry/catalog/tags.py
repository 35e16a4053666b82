# SPDX-License-Identifier: Apache-2.0
"""Tags of any resource.

Source: aws-behaviour.md 1.7: keys up to 127 characters and not ``aws:``, values up to 256, 50 a
resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from vmferry.database.tables import tags
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from vmferry.model.catalog import Owner

LIMIT: Final = 50
KEY_LENGTH: Final = 127
VALUE_LENGTH: Final = 256

_AT_ONCE: Final = 500
"""Resources per query: SQLite takes 32,766 variables, and an account may have more snapshots."""


def parse(items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return tags as a dictionary.

    Raises:
        ApiError: A key or value that EC2 refuses, or too many.
    """
    out: dict[str, str] = {}
    for item in items:
        key, value = str(item.get("Key", "")), str(item.get("Value", ""))
        if not key or len(key) > KEY_LENGTH:
            raise ApiError(
                "InvalidParameterValue",
                f"Tag key '{key}' has {len(key)} characters, expected 1 to {KEY_LENGTH}",
            )
        if key.lower().startswith("aws:"):
            raise ApiError("InvalidParameterValue", f"Tag key '{key}' uses the reserved 'aws:'")
        if len(value) > VALUE_LENGTH:
            raise ApiError(
                "InvalidParameterValue",
                f"Tag value of '{key}' has {len(value)} characters, expected up to {VALUE_LENGTH}",
            )
        out[key] = value
    if len(out) > LIMIT:
        raise ApiError("TagLimitExceeded", f"{len(out)} tags are given, expected up to {LIMIT}")
    return out


class Tags:
    """The table ``tags``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, resources: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the tags of each resource, sorted by key; resources without tags are absent."""
        out: dict[str, dict[str, str]] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(resources), _AT_ONCE):
                some = tags.c.resource.in_(resources[start : start + _AT_ONCE])
                for row in connection.execute(select(tags).where(some).order_by(tags.c.key)):
                    out.setdefault(row.resource, {})[row.key] = row.value
        return out

    def owned(self, owner: Owner) -> list[tuple[str, str, str]]:
        """Return (resource, key, value) of every tag of the owner."""
        query = select(tags).where(tags.c.account == owner.account, tags.c.region == owner.region)
        with self._engine.connect() as connection:
            return [(row.resource, row.key, row.value) for row in connection.execute(query)]

    def put(self, owner: Owner, resource: str, labels: Mapping[str, str]) -> None:
        """Add or replace tags of one resource; raises ``ApiError`` beyond ``LIMIT``."""
        with self._engine.begin() as connection:
            write(connection, owner, resource, labels)

    def remove(self, resource: str, labels: Sequence[tuple[str, str | None]]) -> None:
        """Remove tags by (key, value); ``None`` as the value removes any."""
        with self._engine.begin() as connection:
            for key, value in labels:
                where = (tags.c.resource == resource) & (tags.c.key == key)
                if value is not None:
                    where &= tags.c.value == value
                connection.execute(delete(tags).where(where))

    def clear(self, resource: str) -> None:
        """Remove every tag of a resource that is gone."""
        with self._engine.begin() as connection:
            connection.execute(delete(tags).where(tags.c.resource == resource))


def write(connection: Connection, owner: Owner, resource: str, labels: Mapping[str, str]) -> None:
    """Add or replace tags inside the caller's transaction."""
    if not labels:
        return
    chosen = (tags.c.resource == resource) & tags.c.key.in_(list(labels))
    connection.execute(delete(tags).where(chosen))
    kept = connection.execute(select(tags.c.key).where(tags.c.resource == resource)).all()
    if len(kept) + len(labels) > LIMIT:
        raise ApiError(
            "TagLimitExceeded",
            f"{resource} would have {len(kept) + len(labels)} tags, expected up to {LIMIT}",
        )
    common = {"resource": resource, "account": owner.account, "region": owner.region}
    rows = [{**common, "key": key, "value": value} for key, value in labels.items()]
    connection.execute(insert(tags), rows)

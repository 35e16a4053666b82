# SPDX-License-Identifier: Apache-2.0
"""Open the database and bring it to this version's tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect, text

from vmferry.database import migrations

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Engine

# Writers of other processes hold SQLite's lock for single transactions of a few ms; a minute of
# waiting means that something is stuck, not busy.
BUSY_TIMEOUT_S = 60


def connect(url: str, *, migrate: bool = True) -> Engine:
    """Return an engine for ``url``.

    Args:
        url: ``sqlite:////path/to/file`` or ``postgresql+psycopg://…``.
        migrate: Bring the tables up to date; worker processes skip this, the service did it.
    """
    engine = create_engine(url, connect_args=_arguments(url))
    if url.startswith("sqlite"):
        event.listen(engine, "connect", _durable_and_concurrent)
    if migrate and _version(engine) != migrations.HEAD:
        migrations.upgrade(engine)
    return engine


def now() -> datetime:
    """The time as records keep it: UTC, milliseconds, without a zone."""
    moment = datetime.now(UTC)
    return moment.replace(tzinfo=None, microsecond=moment.microsecond // 1000 * 1000)


def _arguments(url: str) -> dict[str, Any]:
    return {"timeout": BUSY_TIMEOUT_S} if url.startswith("sqlite") else {}


def _durable_and_concurrent(connection: sqlite3.Connection, _record: object) -> None:
    # WAL lets worker processes read while one writes; FULL makes a commit survive a power cut,
    # which is what "durable before visible" rests on.
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _version(engine: Engine) -> str:
    if not inspect(engine).has_table("alembic_version"):
        return ""
    with engine.connect() as connection:
        return str(
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
        )

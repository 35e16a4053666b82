# SPDX-License-Identifier: Apache-2.0
"""A database from before fix-ups gets the column; its snapshots were not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from tests.catalog.records import OWNER, snapshot

from vmferry.catalog import Snapshots, snapshots
from vmferry.database import migrations

if TYPE_CHECKING:
    from pathlib import Path


def test_an_older_database_gets_the_column(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'vmferry.db'}")
    migrations.upgrade(engine)
    old = snapshot()
    with engine.begin() as connection:
        snapshots.add(connection, old)
        connection.execute(text("ALTER TABLE snapshots DROP COLUMN original"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    migrations.upgrade(engine)
    assert Snapshots(engine).find(OWNER, old.id) == old
    engine.dispose()

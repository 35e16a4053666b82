# SPDX-License-Identifier: Apache-2.0
"""The first migration goes both ways."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from vmferry.database import migrations


def test_up_and_down_leaves_no_table(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'vmferry.db'}")
    migrations.upgrade(engine)
    assert "tasks" in inspect(engine).get_table_names()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()

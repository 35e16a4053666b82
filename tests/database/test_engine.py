# SPDX-License-Identifier: Apache-2.0
"""Opening the records: durable, concurrent, quick, and at this version's tables."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, inspect, select, text

from vmferry.database import connect, tables
from vmferry.database.engine import now

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys
from vmferry.database import connect, tables
from vmferry.database.engine import now
url, writer, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
engine = connect(url, migrate=False)
print("ready", flush=True)
sys.stdin.readline()
for number in range(rows):
    with engine.begin() as connection:
        connection.execute(tables.accounts.insert().values(
            id=f"{writer}{number:011}", canonical_id="", created=now()))
engine.dispose()
"""

STARTER = """
import sys
from vmferry.database import connect
connect(sys.argv[1]).dispose()
print("alembic" in sys.modules)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a new database may be made."""
    return f"sqlite:///{tmp_path / 'vmferry.db'}"


def test_a_new_database_gets_every_table(url: str) -> None:
    engine = connect(url)
    assert set(inspect(engine).get_table_names()) == {*tables.metadata.tables, "alembic_version"}
    engine.dispose()


def test_a_worker_leaves_the_tables_alone(url: str) -> None:
    engine = connect(url, migrate=False)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_commit_survives_a_power_cut_and_readers_do_not_wait(url: str) -> None:
    engine = connect(url)
    for _ in range(2):  # the second connection is another one, and set up alike
        with engine.connect() as connection:
            journal = connection.execute(text("PRAGMA journal_mode")).scalar()
            synchronous = connection.execute(text("PRAGMA synchronous")).scalar()
            assert (journal, synchronous) == ("wal", 2), "2 is FULL"
        engine.dispose()


def test_only_the_first_start_loads_alembic(url: str) -> None:
    def start() -> str:
        command = [sys.executable, "-c", STARTER, url]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert [start(), start()] == ["True", "False"]


def test_two_processes_write_at_the_same_time(url: str) -> None:
    rows = 200
    engine = connect(url)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, name, str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "12"
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0]
    with engine.connect() as connection:
        found = connection.execute(select(func.count()).select_from(tables.accounts)).scalar()
    engine.dispose()
    assert found == 2 * rows


def test_the_time_of_a_record_is_utc_in_milliseconds() -> None:
    moment = now()
    assert moment.tzinfo is None
    assert moment.microsecond % 1000 == 0
    assert abs(datetime.now(UTC).replace(tzinfo=None) - moment) < timedelta(seconds=5)

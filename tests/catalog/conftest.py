# SPDX-License-Identifier: Apache-2.0
"""``engine``: records of the test's own, and makers of images and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.database.engine import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Empty records."""
    made = connect(f"sqlite:///{tmp_path / 'vmferry.sqlite'}")
    yield made
    made.dispose()

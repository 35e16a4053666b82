# SPDX-License-Identifier: Apache-2.0
"""An identity room on an empty database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.database import connect
from vmferry.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[Identity]:
    engine = connect(f"sqlite:///{tmp_path}/records.db")
    yield Identity(engine)
    engine.dispose()

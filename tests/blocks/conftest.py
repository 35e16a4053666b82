# SPDX-License-Identifier: Apache-2.0
"""``blocks``: a block store of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import BlockStore, block_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def blocks(tmp_path: Path) -> Iterator[BlockStore]:
    """An empty block store."""
    made = block_store(tmp_path)
    yield made
    made.engine.dispose()

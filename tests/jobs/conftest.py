# SPDX-License-Identifier: Apache-2.0
"""One real service for all tests of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fixtures.service import RunningService

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def jobs_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with the role and the buckets ``bucket-in`` and ``bucket-out``."""
    running = RunningService(tmp_path_factory.mktemp("jobs") / "state")
    running.start()
    try:
        running.prepare("bucket-in", "bucket-out")
        yield running
    finally:
        running.stop()

# SPDX-License-Identifier: Apache-2.0
"""One real service for all tests of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fixtures.service import prepared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.service import RunningService


@pytest.fixture(scope="package")
def jobs_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A prepared service."""
    with prepared(tmp_path_factory.mktemp("jobs")) as running:
        yield running

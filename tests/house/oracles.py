# SPDX-License-Identifier: Apache-2.0
"""Pytest plug-in: in CI, a test that needs an independent program and skips has failed.

A developer may lack qemu-img and still work; if CI lacked it, nothing would prove the formats and
nobody would notice.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of an oracle into a failure."""
    report = yield
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    if is_skip and os.environ.get("CI") and item.get_closest_marker("oracle"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        report.outcome = "failed"
        report.longrepr = f"an oracle may not be skipped in CI: {reason}"
    return report

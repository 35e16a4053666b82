# SPDX-License-Identifier: Apache-2.0
"""The plug-in that refuses tests which leave a process behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.house.processes import children

if TYPE_CHECKING:
    import pytest

TESTS = """
import subprocess
import pytest

@pytest.fixture(scope="module")
def server():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()

def test_tidy(server):
    subprocess.run(["true"], check=True)

def test_stray(server):
    subprocess.Popen(["sleep", "59"])
"""


def test_a_stray_child_fails_its_test_and_is_ended(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.house.processes.GRACE_S", 0.1)
    before = set(children())
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("-p", "tests.house.processes", "-W", "ignore")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["the test left running: *: sleep 59"])
    assert set(children()) == before

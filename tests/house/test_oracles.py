# SPDX-License-Identifier: Apache-2.0
"""The plug-in that makes a skipped oracle a failure in CI, and only there."""

from __future__ import annotations

import pytest

TESTS = """
import pytest

@pytest.mark.oracle
def test_inside():
    pytest.skip("no qemu-img here")

@pytest.mark.oracle
@pytest.mark.skipif(True, reason="no mkfs here")
def test_mark():
    pass

@pytest.fixture
def program():
    pytest.skip("no aws here")

@pytest.mark.oracle
def test_fixture(program):
    pass

@pytest.mark.oracle
def test_runs():
    pass

@pytest.mark.oracle
@pytest.mark.xfail(strict=True)
def test_known():
    assert False

def test_other():
    pytest.skip("nothing to do with oracles")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A small suite with oracles that skip in every way."""
    pytester.makeini("[pytest]\nmarkers = oracle: an independent program\n")
    pytester.makepyfile(TESTS)
    return pytester


def test_a_skipped_oracle_fails_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_inprocess("-p", "tests.house.oracles")
    # A skip before the test's own body counts as an error of its setup.
    result.assert_outcomes(passed=1, skipped=1, failed=1, errors=2, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [
            f"an oracle may not be skipped in CI:*no {program} here"
            for program in ("qemu-img", "aws")
        ]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_skipped_oracle_is_a_skip_elsewhere(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = suite.runpytest_inprocess("-p", "tests.house.oracles")
    result.assert_outcomes(passed=1, skipped=4, xfailed=1)
    assert result.ret == pytest.ExitCode.OK

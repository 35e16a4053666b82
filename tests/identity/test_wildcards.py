# SPDX-License-Identifier: Apache-2.0
"""Wildcards of policies and ARNs."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.identity.wildcards import matches, matches_arn


@given(pattern=st.text("ab*?", max_size=8), text=st.text("ab", max_size=8))
def test_matching_is_that_of_the_regular_expression(pattern: str, text: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert matches(pattern, text) == bool(re.fullmatch(expression, text))


def test_many_stars_take_no_time() -> None:
    began = time.monotonic()
    assert not matches("a*" * 60 + "b", "a" * 2000)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("pattern", "good"),
    [
        ("arn:aws:vmie:*:111122223333:*", True),
        ("arn:aws:vmie:us-east-1:111122223333:import-*", True),
        ("arn:aws:vmie:*:444455556666:*", False),
        ("arn:aws:vmie:*", False),
        ("*", False),
    ],
)
def test_a_star_of_an_arn_stays_in_its_part(pattern: str, good: bool) -> None:
    assert matches_arn(pattern, "arn:aws:vmie:us-east-1:111122223333:import-ami-1:x") == good

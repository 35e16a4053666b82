# SPDX-License-Identifier: Apache-2.0
"""Constraints that IAM's model states."""

from __future__ import annotations

import pytest
from botocore.model import Shape

from vmferry.api.protocol.parse.constraints import check
from vmferry.errors import ApiError


@pytest.mark.parametrize(
    ("traits", "value", "broken"),
    [
        ({"min": 3}, 2, "have value greater than or equal to 3"),
        ({"max": 3}, 4, "have value less than or equal to 3"),
        ({"min": 3}, "ab", "have length greater than or equal to 3"),
        ({"max": 1}, ["a", "b"], "have length less than or equal to 1"),
        ({"pattern": r"[\w]+"}, "ä", r"satisfy regular expression pattern: \[\\w\]\+"),
        ({"pattern": r"[\p{L}\p{Z}\p{N}_.-]+"}, "a/b", "satisfy regular expression pattern"),
        ({"enum": ["a", "b"]}, "c", r"satisfy enum value set: \[a, b\]"),
    ],
)
def test_what_is_broken_is_told(traits: dict[str, object], value: object, broken: str) -> None:
    with pytest.raises(
        ApiError, match=f"Value at 'name' failed .*: Member must {broken}"
    ) as caught:
        check(Shape("X", {"type": "string", **traits}), "Name", value)
    assert caught.value.code == "ValidationError"


@pytest.mark.parametrize("value", [3, "abc", True, 1.5, b"abc"])
def test_what_holds_passes(value: object) -> None:
    check(Shape("X", {"type": "string", "max": 5}), "Name", value)
    check(Shape("X", {"type": "string", "pattern": r"[\p{L}\p{Z}]*"}), "Name", "ä é")

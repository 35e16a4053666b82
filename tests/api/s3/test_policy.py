# SPDX-License-Identifier: Apache-2.0
"""Bucket policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmferry.api.s3.policy import allows, check
from vmferry.errors import ApiError
from vmferry.model.identity import Principal

CALLER = Principal(
    account="999999999999", arn="arn:aws:iam::999999999999:root", user_id="x", canonical_id="c" * 64
)
ALLOW = {
    "Effect": "Allow", "Principal": {"CanonicalUser": "c" * 64}, "Action": "s3:Get*",
    "Resource": "arn:aws:s3:::disks/a?c/*",
}  # fmt: skip


def _text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"Effect": "Maybe"}, "Invalid effect"),
        ({"Principal": {"Nobody": "x"}}, "Invalid principal"),
        ({"Principal": []}, "Invalid principal"),
        ({"Action": "ec2:*"}, "invalid action"),
        ({"NotAction": "s3:*"}, "Missing required field Action"),
        ({"Resource": "arn:aws:s3:::other/*"}, "invalid resource"),
        ({"Resource": "disks"}, "invalid resource"),
        ({"Resource": []}, "Missing required field Resource"),
        ({"Resource": [1]}, "Invalid policy syntax"),
    ],
)
def test_what_s3_would_not_accept_is_refused(change: dict[str, Any], cause: str) -> None:
    check(_text(ALLOW), "disks")
    with pytest.raises(ApiError, match=cause) as caught:
        check(_text({**ALLOW, **change}), "disks")
    assert caught.value.code == "MalformedPolicy"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"Statement": []}', "[" * 100_000, '"x"'])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(text, "disks")
    assert caught.value.code == "MalformedPolicy"


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([ALLOW], True),
        ([{**ALLOW, "Principal": "*"}], True),
        ([{**ALLOW, "Principal": {"AWS": ["1", "999999999999"]}}], True),
        ([{**ALLOW, "Principal": {"AWS": "111111111111"}}], False),
        ([{**ALLOW, "Action": "s3:PutObject"}], False),
        ([{**ALLOW, "Resource": "arn:aws:s3:::disks/ABC/*"}], False),
        ([ALLOW, {**ALLOW, "Effect": "Deny", "Action": "*"}], False),
        ([{**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], False),
        ([ALLOW, {**ALLOW, "Effect": "Deny", "Condition": {"Bool": {"x": "y"}}}], False),
        ([], False),
    ],
)
def test_the_safe_side_wins(statements: list[dict[str, Any]], allowed: bool) -> None:
    found = allows(_text(*statements), CALLER, "s3:GetObject", "arn:aws:s3:::disks/abc/x")
    assert found is allowed

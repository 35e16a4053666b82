# SPDX-License-Identifier: Apache-2.0
"""Bucket policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmferry.api.s3.policy import check, decide, public
from vmferry.errors import ApiError
from vmferry.identity import Decision
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
        ({"Effect": "Maybe"}, "Effect must be Allow or Deny"),
        ({"Principal": {"Nobody": "x"}}, "Principal must be"),
        ({"Principal": []}, "Principal must be"),
        ({"Action": "ec2:*"}, "invalid action"),
        ({"NotAction": "s3:*"}, "one of Action and NotAction"),
        ({"Resource": "arn:aws:s3:::other/*"}, "invalid resource"),
        ({"Resource": "disks"}, "invalid resource"),
        ({"Resource": []}, "Resource must be a text"),
        ({"Resource": [1]}, "Resource must be a text"),
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
    ],
)
def test_the_safe_side_wins(statements: list[dict[str, Any]], allowed: bool) -> None:
    found = decide(_text(*statements), CALLER, "s3:GetObject", "arn:aws:s3:::disks/abc/x")
    assert (found is Decision.ALLOW) is allowed


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": ["1", "*"]}}, True),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
    ],
)
def test_everybody_is_the_public(change: dict[str, Any], expected: bool) -> None:
    assert public(_text({**ALLOW, **change})) is expected

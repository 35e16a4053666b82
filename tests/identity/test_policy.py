# SPDX-License-Identifier: Apache-2.0
"""Policy documents: what is refused, what is allowed."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.documents import ROLE_POLICY, document, trust

from vmferry.errors import ApiError
from vmferry.identity import Decision, evaluate, parse
from vmferry.identity.policy import requester_of
from vmferry.model.identity import Principal, Role

ALLOW, DENY, IMPLICIT = Decision.ALLOW, Decision.DENY, Decision.IMPLICIT_DENY
S3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("action", "resource", "decision"),
    [
        ("s3:GetObject", "arn:aws:s3:::disk-bucket/a/b.vmdk", ALLOW),
        ("S3:getobject", "arn:aws:s3:::disk-bucket/a", ALLOW),
        ("s3:GetObject", "arn:aws:s3:::Disk-bucket/a", IMPLICIT),
        ("s3:PutObject", "arn:aws:s3:::disk-bucket/a", IMPLICIT),
        ("s3:ListBucket", "arn:aws:s3:::disk-bucket", ALLOW),
        ("s3:ListBucket", "arn:aws:s3:::disk-bucket2", IMPLICIT),
        ("ec2:DescribeImages", "*", ALLOW),
    ],
)
def test_the_guides_role_policy(action: str, resource: str, decision: Decision) -> None:
    assert evaluate(parse(ROLE_POLICY), action, resource, {}) is decision


def test_an_explicit_deny_wins() -> None:
    text = document(S3, {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"})
    assert evaluate(parse(text), "s3:PutObject", "x", {}) is DENY
    assert evaluate(parse(text), "s3:GetObject", "x", {}) is ALLOW


def test_not_action_and_not_resource_turn_the_sense() -> None:
    text = document({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::a/*"})
    assert evaluate(parse(text), "s3:GetObject", "arn:aws:s3:::b/x", {}) is ALLOW
    assert evaluate(parse(text), "s3:GetObject", "arn:aws:s3:::a/x", {}) is IMPLICIT
    assert evaluate(parse(text), "iam:GetRole", "arn:aws:s3:::b/x", {}) is IMPLICIT


def test_an_unknown_operator_does_not_allow_and_does_deny() -> None:
    condition = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}}
    assert evaluate(parse(document({**S3, **condition})), "s3:A", "x", {}) is IMPLICIT
    denied = document(S3, {**S3, "Effect": "Deny", **condition})
    assert evaluate(parse(denied), "s3:A", "x", {}) is DENY


def test_a_bucket_policy_names_who_may() -> None:
    who = Principal(
        account="1" * 12, arn=f"arn:aws:iam::{'1' * 12}:root", user_id="", canonical_id="c"
    )
    other = Principal(
        account="2" * 12, arn=f"arn:aws:iam::{'2' * 12}:root", user_id="", canonical_id="d"
    )

    def said(principal: Any, by: Principal, *, negated: bool = False) -> Decision:
        name = "NotPrincipal" if negated else "Principal"
        policy = parse(document({**S3, name: principal}), bucket=True)
        return evaluate(policy, "s3:GetObject", "x", {}, requester=requester_of(by))

    for principal in (
        "*",
        {"AWS": "*"},
        {"AWS": "1" * 12},
        {"AWS": [f"arn:aws:iam::{'1' * 12}:root", "9" * 12]},
        {"CanonicalUser": "c"},
    ):
        assert said(principal, who) is ALLOW
    for principal in ({"AWS": "1" * 12}, {"CanonicalUser": "c"}, {"Service": "*"}):
        assert said(principal, other) is IMPLICIT
    assert said({"AWS": "1" * 12}, who, negated=True) is IMPLICIT
    assert said({"AWS": "1" * 12}, other, negated=True) is ALLOW


def test_a_role_is_named_by_its_arn() -> None:
    role = Role(
        id="AROA", account="1" * 12, name="r", path="/", arn=f"arn:aws:iam::{'1' * 12}:role/r",
        trust_policy="", description="", max_session_s=3600, created=datetime.now(UTC),
    )  # fmt: skip
    policy = parse(document({**S3, "Principal": {"AWS": role.arn}}), bucket=True)
    assert evaluate(policy, "s3:A", "x", {}, requester=requester_of(role)) is ALLOW


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("trust-policy.json", "file://name"),
        ("{", "It is not JSON"),
        ("[" * 100_000, "It is not JSON"),
        ("[]", "A policy is a JSON object"),
        ('{"Statement": []}', "Statement must be"),
        ('{"Version": "2020-01-01", "Statement": {}}', "Version must be"),
        ('{"Statements": []}', "A policy has Version, Id and Statement"),
        (document({**S3, "Effect": "allow"}), "Effect must be Allow or Deny"),
        (document({**S3, "Sides": 1}), "A statement is an object of"),
        (document({**S3, "Action": "GetObject"}), "An action is written service:Name"),
        (document({**S3, "NotAction": "s3:*"}), "one of Action and NotAction"),
        (document({**S3, "Action": []}), "Action must be a text or a list of texts"),
        (document({**S3, "Action": [1]}), "Action must be a text or a list of texts"),
        (document({"Effect": "Allow", "Action": "s3:*"}), "one of Resource and NotResource"),
        (document({**S3, "Principal": "*"}), "no Principal"),
        (document({**S3, "Condition": []}), "Condition must be"),
        (document({**S3, "Condition": {"StringEquals": {"a": {}}}}), "A condition's value"),
        (" " * 131_073, "at most 131072 are read"),
    ],
)
def test_a_broken_document_is_refused_with_its_cause(text: str, hint: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(text)
    assert (caught.value.code, caught.value.message) == (
        "MalformedPolicyDocument",
        "Syntax errors in policy",
    )
    assert hint in caught.value.hint


def test_a_trust_policy_has_a_principal_and_no_resource() -> None:
    parse(trust(), trust=True)
    for text, hint in (
        (ROLE_POLICY, "no Resource"),
        (document({"Effect": "Allow", "Action": "sts:AssumeRole"}), "one of Principal"),
        (document({"Effect": "Allow", "Action": "a:b", "Principal": {"X": "y"}}), "Principal must"),
    ):
        with pytest.raises(ApiError) as caught:
            parse(text, trust=True)
        assert hint in caught.value.hint


@given(
    st.recursive(
        st.none() | st.text(max_size=6) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["Statement", "Effect", "Action", "Resource", "Condition", "Principal"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_parsed_or_refused(content: object) -> None:
    for options in ({}, {"trust": True}, {"bucket": True}):
        with contextlib.suppress(ApiError):
            parse(json.dumps(content), **options)

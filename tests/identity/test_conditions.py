# SPDX-License-Identifier: Apache-2.0
"""Condition operators of policies."""

from __future__ import annotations

from typing import Any

import pytest

from vmferry.identity.conditions import hold

CONTEXT = {
    "sts:ExternalId": "vmimport",
    "aws:SourceArn": "arn:aws:vmie:us-east-1:1:import-ami-1",
    "aws:SourceIp": "10.1.2.3",
    "aws:SecureTransport": "false",
    "aws:TagKeys": ["a", "b"],
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "good"),
    [
        ("StringEquals", "sts:Externalid", ("vmimport",), True),
        ("StringEquals", "STS:EXTERNALID", ("other", "vmimport"), True),
        ("StringEquals", "sts:ExternalId", ("VMIMPORT",), False),
        ("StringEqualsIgnoreCase", "sts:ExternalId", ("VMIMPORT",), True),
        ("StringEquals", "aws:none", ("vmimport",), False),
        ("StringEqualsIfExists", "aws:none", ("vmimport",), True),
        ("StringNotEquals", "sts:ExternalId", ("vmimport", "x"), False),
        ("StringNotEquals", "sts:ExternalId", ("x", "y"), True),
        ("StringNotEquals", "aws:none", ("x",), True),
        ("StringLike", "sts:ExternalId", ("vm*",), True),
        ("StringNotLike", "sts:ExternalId", ("vm*",), False),
        ("ArnLike", "aws:SourceArn", ("arn:aws:vmie:*:1:*",), True),
        ("ArnEquals", "aws:SourceArn", ("arn:aws:vmie:*:2:*",), False),
        ("ArnNotLike", "aws:SourceArn", ("arn:aws:vmie:*:2:*",), True),
        ("Bool", "aws:SecureTransport", ("False",), True),
        ("Bool", "aws:SecureTransport", ("true",), False),
        ("Null", "aws:none", ("true",), True),
        ("Null", "sts:ExternalId", ("true",), False),
        ("Null", "sts:ExternalId", ("false",), True),
        ("IpAddress", "aws:SourceIp", ("192.168.0.0/16", "10.0.0.0/8"), True),
        ("NotIpAddress", "aws:SourceIp", ("10.0.0.0/8",), False),
        ("IpAddress", "aws:SourceIp", ("nonsense",), False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ("b",), True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ("b",), False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ("a", "b", "c"), True),
        ("ForAllValues:StringEquals", "aws:none", ("a",), True),
        ("ForAnyValue:StringEquals", "aws:none", ("a",), False),
        ("StringNotEquals", "aws:TagKeys", ("a",), False),
    ],
)
def test_operators(operator: str, key: str, values: tuple[str, ...], good: bool) -> None:
    assert hold({operator: {key: values}}, CONTEXT, unknown=False) is good


def test_every_condition_must_hold() -> None:
    both: dict[str, Any] = {
        "StringEquals": {"sts:ExternalId": ("vmimport",), "aws:none": ("x",)},
    }
    assert not hold(both, CONTEXT, unknown=True)
    assert hold({}, CONTEXT, unknown=False)


@pytest.mark.parametrize("operator", ["DateGreaterThan", "Sometimes:StringEquals", "stringequals"])
def test_an_unknown_operator_counts_as_told(operator: str) -> None:
    conditions = {operator: {"sts:ExternalId": ("vmimport",)}}
    assert hold(conditions, CONTEXT, unknown=True)
    assert not hold(conditions, CONTEXT, unknown=False)

# SPDX-License-Identifier: Apache-2.0
"""Damage that did not matter."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_none() -> None:
    assert lines("damage") == []


def test_some() -> None:
    assert lines("damage", facts(damage=("etc/passwd: is damaged",))) == ["etc/passwd: is damaged"]


def test_its_weight() -> None:
    finding = findings("damage", facts(damage=("x",)))[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

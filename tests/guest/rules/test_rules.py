# SPDX-License-Identifier: Apache-2.0
"""All rules together: they are found, a good guest passes, and each is asked about its own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.guest.rules.subjects import facts, findings, subject

from vmferry.guest.rules import LONGEST, MOST, Rule, Seen, Stage, all_rules
from vmferry.model.finding import Service, Severity
from vmferry.model.guest import Platform

RULES = all_rules()


def test_a_good_guest_passes() -> None:
    assert [each for rule in RULES for each in rule.findings(subject(), facts())] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_complete(rule: Rule) -> None:
    assert (rule.machine is None) != (rule.guest is None)
    assert rule.section.startswith("11-")
    assert rule.remedy
    assert not rule.remedy.endswith(".")
    assert rule.concerns
    if rule.severity is Severity.BLOCKS and rule.name != "kernel_version":
        assert rule.aws_text
    if rule.severity is Severity.BLOCKS:
        assert rule.stage < Stage.REACH, "what blocks has a place in the order of causes"


def test_rules_are_asked_in_the_order_of_their_stages() -> None:
    order = [rule.stage for rule in RULES]
    assert order == sorted(order)
    assert set(order) == set(Stage)


def test_rules_of_linux_are_not_asked_about_windows() -> None:
    windows = facts(platform=Platform.WINDOWS, architecture="i386", kernels=())
    assert findings("architecture", windows) == []
    rule = Rule(
        name="windows_x",
        section="11-J",
        severity=Severity.WARNS,
        remedy="x",
        guest=lambda _facts, _subject: [Seen("a", "b")],
    )
    assert [each.message for each in rule.findings(subject(), windows)] == ["a: found b"]
    assert list(rule.findings(subject(), facts())) == []


def test_rules_of_machines_are_asked_without_a_guest() -> None:
    found = [each.id for rule in RULES for each in rule.findings(subject(disks=()), None)]
    assert found == []


def test_what_a_place_says_wins_over_the_rule() -> None:
    changes: dict[str, Any] = {
        "remedy": "r",
        "aws_text": "t",
        "severity": Severity.BLOCKS,
        "concerns": (Service.AWS,),
    }
    rule = Rule(
        name="x",
        section="11-H",
        severity=Severity.WARNS,
        aws_text="T",
        remedy="R",
        machine=lambda _subject: [Seen("a", "b", "c"), Seen("", "d", **changes)],
    )
    first, second = rule.findings(subject(), None)
    assert (first.aws_text, first.remedy, first.severity) == ("T", "R", Severity.WARNS)
    assert (second.aws_text, second.remedy, second.severity) == ("t", "r", Severity.BLOCKS)
    assert [each.concerns for each in (first, second)] == [tuple(Service), (Service.AWS,)]
    assert [each.message for each in (first, second)] == ["a: found b, expected c", "d"]


def test_a_guest_cannot_fill_a_report() -> None:
    rule = Rule(
        name="x",
        section="11-H",
        severity=Severity.WARNS,
        machine=lambda _subject: (Seen("", "a" * 10_000) for _ in range(100_000)),
    )
    found = list(rule.findings(subject(), None))
    assert len(found) == MOST
    assert found[0].found == "a" * LONGEST + " …"

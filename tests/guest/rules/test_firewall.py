# SPDX-License-Identifier: Apache-2.0
"""Firewalls."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_none() -> None:
    assert lines("firewall") == []


def test_one() -> None:
    assert lines("firewall", facts(services=replace(SERVICES, firewalls=("ufw",)))) == [
        "firewall: found ufw is enabled"
    ]


def test_its_weight() -> None:
    finding = findings("firewall", facts(services=replace(SERVICES, firewalls=("ufw",))))[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

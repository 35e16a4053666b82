# SPDX-License-Identifier: Apache-2.0
"""Scanners."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_none() -> None:
    assert lines("antivirus") == []


def test_one() -> None:
    assert lines("antivirus", facts(services=replace(SERVICES, antivirus=("clamav-daemon",)))) == [
        "services: found clamav-daemon is enabled, expected disabled for the import"
    ]


def test_its_weight() -> None:
    finding = findings(
        "antivirus", facts(services=replace(SERVICES, antivirus=("clamav-daemon",)))
    )[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

# SPDX-License-Identifier: Apache-2.0
"""SSH."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_enabled() -> None:
    assert lines("ssh") == []


def test_disabled() -> None:
    assert lines("ssh", facts(services=replace(SERVICES, ssh="disabled"))) == [
        "SSH server: found disabled, expected enabled"
    ]


def test_none() -> None:
    assert lines("ssh", facts(services=replace(SERVICES, ssh=""))) == [
        "SSH server: found none, expected enabled"
    ]


def test_its_weight() -> None:
    finding = findings("ssh", facts(services=replace(SERVICES, ssh="")))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

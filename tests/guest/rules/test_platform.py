# SPDX-License-Identifier: Apache-2.0
"""The platform that was asked for."""

from __future__ import annotations

from tests.guest.rules.subjects import findings, lines, request


def test_the_same() -> None:
    assert lines("platform", at=request(platform="LINUX")) == []


def test_another() -> None:
    assert lines("platform", at=request(platform="Windows")) == [
        "the machine is Linux, expected Windows as requested"
    ]


def test_its_weight() -> None:
    finding = findings("platform", at=request(platform="Windows"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("ClientError: Unknown OS / Missing OS files.")

# SPDX-License-Identifier: Apache-2.0
"""Drivers of Nitro."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_both() -> None:
    assert lines("aws_drivers") == []


def test_none() -> None:
    assert lines("aws_drivers", facts(nvme=False, ena=False)) == [
        "the kernel 5.10.0-28-amd64 has no driver nvme and ena"
    ]


def test_its_weight() -> None:
    finding = findings("aws_drivers", facts(ena=False))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("")

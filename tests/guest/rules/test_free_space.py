# SPDX-License-Identifier: Apache-2.0
"""Room on the root."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_enough() -> None:
    assert lines("free_space", facts(free=64 << 20)) == []


def test_unknown() -> None:
    assert lines("free_space", facts(free=None)) == []


def test_little() -> None:
    assert lines("free_space", facts(free=2 << 20)) == [
        "free space of the root file system: found 2 MiB, expected at least 64 MiB"
    ]


def test_nothing() -> None:
    assert lines("free_space", facts(free=0)) == [
        "free space of the root file system: found 0 bytes, expected at least 64 MiB"
    ]


def test_its_weight() -> None:
    finding = findings("free_space", facts(free=0))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Insufficient free space on the root volume")

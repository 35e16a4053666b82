# SPDX-License-Identifier: Apache-2.0
"""Room on the root."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.guest.rules.subjects import LINE, ROOT, facts, findings, lines, subject

if TYPE_CHECKING:
    from vmferry.model.guest import GuestFacts


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


def test_limits_of_the_operator() -> None:
    limits = subject(low_space=8 << 20, no_space=4 << 20)
    assert lines("free_space", facts(free=8 << 20), limits) == []
    (finding,) = findings("free_space", facts(free=3 << 20), limits)
    assert finding.severity == "blocks"
    assert finding.message.endswith("found 3 MiB, expected at least 8 MiB")


def _with_boot(free: int | None) -> GuestFacts:
    boot = replace(ROOT, number=2, free=free)
    line = replace(LINE, path="/boot", partition=1)
    return facts(partitions=(ROOT, boot), fstab=(LINE, line))


def test_a_boot_of_its_own() -> None:
    assert lines("free_space", _with_boot(None)) == []
    assert lines("free_space", _with_boot(64 << 20)) == []
    (finding,) = findings("free_space", _with_boot(0))
    assert finding.message == "free space of /boot: found 0 bytes, expected at least 64 MiB"
    assert (finding.severity, finding.aws_text) == ("warns", "")


def test_its_weight() -> None:
    finding = findings("free_space", facts(free=0))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Insufficient free space on the root volume")

# SPDX-License-Identifier: Apache-2.0
"""No fstab."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_an_entry() -> None:
    assert lines("fstab_missing") == []


def test_none() -> None:
    assert lines("fstab_missing", facts(fstab=())) == [
        "/etc/fstab: found no entry, expected one for the root file system"
    ]


def test_its_weight() -> None:
    finding = findings("fstab_missing", facts(fstab=()))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Invalid configuration - Could not read fstab")

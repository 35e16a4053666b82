# SPDX-License-Identifier: Apache-2.0
"""Shares in fstab."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import LINE, facts, findings, lines


def test_none() -> None:
    assert lines("fstab_network") == []


def test_one() -> None:
    assert lines(
        "fstab_network", facts(fstab=(LINE, replace(LINE, line=7, kind="cifs", path="/mnt")))
    ) == ["/etc/fstab, line 7: found cifs at /mnt"]


def test_its_weight() -> None:
    finding = findings("fstab_network", facts(fstab=(replace(LINE, kind="cifs"),)))[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

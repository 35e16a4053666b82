# SPDX-License-Identifier: Apache-2.0
"""Discs in drives."""

from __future__ import annotations

from tests.guest.rules.subjects import findings, lines, subject

from vmferry.model.machine import Machine


def test_no_disc() -> None:
    assert lines("cdrom") == []
    assert lines("cdrom", at=subject(machine=Machine())) == []


def test_a_disc() -> None:
    machine = Machine(discs=("ovf:/file/file2", "[iso] tools.iso"))
    assert lines("cdrom", at=subject(machine=machine)) == [
        "CD or DVD drive of the appliance: found ovf:/file/file2, expected an empty drive",
        "CD or DVD drive of the appliance: found [iso] tools.iso, expected an empty drive",
    ]


def test_its_weight() -> None:
    finding = findings("cdrom", at=subject(machine=Machine(discs=("x",))))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ""

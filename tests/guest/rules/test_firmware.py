# SPDX-License-Identifier: Apache-2.0
"""The firmware of appliances."""

from __future__ import annotations

from tests.guest.rules.subjects import findings, lines, subject

from vmferry.model.machine import Machine


def test_the_same() -> None:
    assert lines("firmware", at=subject(machine=Machine(firmware="bios"))) == []


def test_no_word() -> None:
    assert lines("firmware", at=subject(machine=Machine())) == []


def test_another() -> None:
    assert lines("firmware", at=subject(machine=Machine(firmware="efi"))) == [
        "firmware of the appliance: found efi, expected legacy-bios"
    ]


def test_its_weight() -> None:
    finding = findings("firmware", at=subject(machine=Machine(firmware="efi")))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

# SPDX-License-Identifier: Apache-2.0
"""Several network cards."""

from __future__ import annotations

from tests.guest.rules.subjects import findings, lines, subject

from vmferry.model.machine import Machine, NetworkCard


def test_one_card() -> None:
    assert lines("network_cards", at=subject(machine=Machine(cards=(NetworkCard(),)))) == []


def test_no_appliance() -> None:
    assert lines("network_cards") == []


def test_two_cards() -> None:
    assert lines("network_cards", at=subject(machine=Machine(cards=(NetworkCard(),) * 2))) == [
        "the appliance has 2 network cards, expected one, with DHCP"
    ]


def test_its_weight() -> None:
    finding = findings("network_cards", at=subject(machine=Machine(cards=(NetworkCard(),) * 2)))[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

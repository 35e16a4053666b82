# SPDX-License-Identifier: Apache-2.0
"""Static addresses."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import CARD, facts, findings, lines


def test_dhcp() -> None:
    assert lines("static_address") == []


def test_static() -> None:
    assert lines(
        "static_address",
        facts(interfaces=(replace(CARD, method="static", addresses=("10.0.0.5/24",)),)),
    ) == ["etc/network/interfaces: found 10.0.0.5/24 for eth0, expected DHCP"]


def test_static_without_an_address() -> None:
    assert lines(
        "static_address", facts(interfaces=(replace(CARD, name="", method="static"),))
    ) == ["etc/network/interfaces: found a static address for any card, expected DHCP"]


def test_its_weight() -> None:
    finding = findings("static_address", facts(interfaces=(replace(CARD, method="static"),)))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

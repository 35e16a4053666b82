# SPDX-License-Identifier: Apache-2.0
"""What is tied to an address of a card."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import CARD, SERVICES, facts, findings, lines


def test_nothing() -> None:
    assert lines("network_card_address") == []


def test_a_configuration() -> None:
    assert lines(
        "network_card_address", facts(interfaces=(replace(CARD, mac="52:54:00:12:34:56"),))
    ) == ["etc/network/interfaces: found eth0 tied to 52:54:00:12:34:56"]


def test_a_rule() -> None:
    assert lines(
        "network_card_address",
        facts(
            services=replace(
                SERVICES, persistent_names=("etc/udev/rules.d/70-persistent-net.rules",)
            )
        ),
    ) == [
        (
            "names of network cards: found etc/udev/rules.d/70-persistent-net.rules, "
            "expected no rule that ties a name to an address"
        )
    ]


def test_its_weight() -> None:
    finding = findings(
        "network_card_address", facts(interfaces=(replace(CARD, mac="52:54:00:12:34:56"),))
    )[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

# SPDX-License-Identifier: Apache-2.0
"""Names that say where a card is plugged in."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import CARD, ENTRY, facts, findings, lines


def test_eth0() -> None:
    assert lines("predictable_names") == []


def test_ens192() -> None:
    assert lines("predictable_names", facts(interfaces=(replace(CARD, name="ens192"),))) == [
        "etc/network/interfaces: found the network card ens192, expected eth0"
    ]


def test_ens192_when_they_are_off() -> None:
    assert (
        lines(
            "predictable_names",
            facts(
                interfaces=(replace(CARD, name="ens192"),),
                boot_entries=(replace(ENTRY, options="ro net.ifnames=0"),),
            ),
        )
        == []
    )


def test_its_weight() -> None:
    finding = findings("predictable_names", facts(interfaces=(replace(CARD, name="enp0s3"),)))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

# SPDX-License-Identifier: Apache-2.0
"""DHCP clients."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_one() -> None:
    assert lines("dhcp_client") == []


def test_none() -> None:
    assert lines("dhcp_client", facts(services=replace(SERVICES, dhcp_clients=()))) == [
        "DHCP clients: found none, expected one"
    ]


def test_its_weight() -> None:
    finding = findings("dhcp_client", facts(services=replace(SERVICES, dhcp_clients=())))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == (
        "FirstBootFailure: This import request failed because the instance failed to "
        "boot and establish network connectivity."
    )

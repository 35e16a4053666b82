# SPDX-License-Identifier: Apache-2.0
"""Tools of hypervisors."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_none() -> None:
    assert lines("hypervisor_tools") == []


def test_some() -> None:
    assert lines(
        "hypervisor_tools", facts(services=replace(SERVICES, tools=("open-vm-tools",)))
    ) == ["services: found open-vm-tools is installed, expected no tools of a hypervisor"]


def test_one_that_runs() -> None:
    services = replace(SERVICES, tools=("open-vm-tools",), started=("open-vm-tools",))
    assert lines("hypervisor_tools", facts(services=services)) == [
        "services: found open-vm-tools starts with the machine, expected no tools of a hypervisor"
    ]


def test_its_weight() -> None:
    finding = findings(
        "hypervisor_tools", facts(services=replace(SERVICES, tools=("open-vm-tools",)))
    )[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

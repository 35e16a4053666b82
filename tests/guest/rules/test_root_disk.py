# SPDX-License-Identifier: Apache-2.0
"""The disk of the root."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ROOT, facts, findings, lines


def test_the_first() -> None:
    assert lines("root_disk") == []


def test_the_second() -> None:
    assert lines("root_disk", facts(partitions=(replace(ROOT, disk=1),))) == [
        "root file system: found disk 1, expected disk 0, which is started"
    ]


def test_its_weight() -> None:
    finding = findings("root_disk", facts(partitions=(replace(ROOT, disk=1),)))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == (
        "FirstBootFailure: This import request failed because the instance failed to "
        "boot and establish network connectivity."
    )

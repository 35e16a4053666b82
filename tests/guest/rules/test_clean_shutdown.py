# SPDX-License-Identifier: Apache-2.0
"""Machines that were not shut down."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ROOT, facts, findings, lines

DIRTY = facts(
    partitions=(
        replace(ROOT, clean=False),
        replace(ROOT, number=2, filesystem="swsuspend"),
        replace(ROOT, number=0, volume="vg/home", filesystem="xfs", clean=False),
    )
)


def test_one_that_was() -> None:
    assert lines("clean_shutdown") == []


def test_one_that_was_not() -> None:
    assert lines("clean_shutdown", DIRTY) == [
        "disk 0, partition 1: found a journal of ext4 to replay, or errors",
        ("disk 0, partition 2: found the memory of a machine that hibernates, expected swap space"),
        "volume vg/home: found a journal of xfs to replay, or errors",
    ]


def test_its_weight() -> None:
    finding = findings("clean_shutdown", DIRTY)[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ""

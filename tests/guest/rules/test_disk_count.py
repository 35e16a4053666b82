# SPDX-License-Identifier: Apache-2.0
"""Too many disks."""

from __future__ import annotations

from tests.guest.rules.subjects import DISK, findings, lines, subject


def test_twenty_one_disks_pass() -> None:
    assert lines("disk_count", at=subject(disks=(DISK,) * 21)) == []


def test_twenty_two_do_not() -> None:
    assert lines("disk_count", at=subject(disks=(DISK,) * 22)) == [
        "the machine has 22 disks, expected at most 21"
    ]


def test_its_weight() -> None:
    finding = findings("disk_count", at=subject(disks=(DISK,) * 22))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("ClientError: The number of disks exceeds the limit of 21.")

# SPDX-License-Identifier: Apache-2.0
"""What readers of disks warn of."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import DISK, findings, lines, subject


def test_a_clean_disk() -> None:
    assert lines("disk_state") == []


def test_a_dirty_one() -> None:
    assert lines(
        "disk_state", at=subject(disks=(replace(DISK, warnings=("vmdk: unclean shutdown",)),))
    ) == ["disk1.vmdk: vmdk: unclean shutdown"]


def test_its_weight() -> None:
    finding = findings("disk_state", at=subject(disks=(replace(DISK, warnings=("w",)),)))[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")

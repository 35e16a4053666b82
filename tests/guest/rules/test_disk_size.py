# SPDX-License-Identifier: Apache-2.0
"""Sizes of disks."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import DISK, findings, lines, subject

from vmferry.units import TIB


def test_a_disk_below_the_limit() -> None:
    assert lines("disk_size", at=subject(disks=(replace(DISK, size=8 * TIB - 1),))) == []


def test_a_disk_at_the_limit_of_aws() -> None:
    assert lines("disk_size", at=subject(disks=(replace(DISK, size=8 * TIB),))) == [
        "virtual size of disk1.vmdk: found 8 TiB, expected less than 8 TiB"
    ]


def test_an_empty_disk() -> None:
    assert lines("disk_size", at=subject(disks=(replace(DISK, size=0),), max_disk=512)) == [
        (
            "virtual size of disk1.vmdk: found 0 bytes, expected more than nothing and at "
            "most 512 bytes"
        )
    ]


def test_a_disk_above_our_limit() -> None:
    assert lines("disk_size", at=subject(max_disk=512)) == [
        "virtual size of disk1.vmdk: found 10 GiB, expected more than nothing and at most 512 bytes"
    ]


def test_its_weight() -> None:
    finding = findings("disk_size", at=subject(disks=(replace(DISK, size=8 * TIB),)))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Disk validation failed [Disk image size too large]")

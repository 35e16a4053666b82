# SPDX-License-Identifier: Apache-2.0
"""Formats of disks."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import DISK, findings, lines, subject


def test_a_vmdk_passes() -> None:
    assert lines("disk_format") == []


def test_a_qcow2_is_not_of_aws() -> None:
    assert lines("disk_format", at=subject(disks=(replace(DISK, format="qcow2"),))) == [
        "format of disk1.vmdk: found qcow2, expected raw, vhd, vhdx or vmdk"
    ]


def test_its_weight() -> None:
    finding = findings("disk_format", at=subject(disks=(replace(DISK, format="qcow2"),)))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == (
        "ClientError: Disk validation failed [Unsupported specified file format]"
    )

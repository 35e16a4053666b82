# SPDX-License-Identifier: Apache-2.0
"""Disks without a partition table."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_a_table() -> None:
    assert lines("partition_table") == []


def test_none() -> None:
    assert lines("partition_table", facts(partition_table="none")) == [
        "disk1.vmdk: a file system on the bare disk, expected a partition table"
    ]


def test_its_weight() -> None:
    finding = findings("partition_table", facts(partition_table="none"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("ClientError: No valid partitions. Not a valid volume.")

# SPDX-License-Identifier: Apache-2.0
"""File systems of the root."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ROOT, facts, findings, lines


def test_ext4() -> None:
    assert lines("root_file_system") == []


def test_another() -> None:
    assert lines("root_file_system", facts(partitions=(replace(ROOT, filesystem="f2fs"),))) == [
        "root file system: found f2fs, expected ext2, ext3, ext4, btrfs, jfs, xfs"
    ]


def test_its_weight() -> None:
    finding = findings("root_file_system", facts(partitions=(replace(ROOT, filesystem="f2fs"),)))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Unknown OS / Missing OS files.")

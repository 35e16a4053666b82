# SPDX-License-Identifier: Apache-2.0
"""Roots in subvolumes."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_none() -> None:
    assert lines("btrfs_subvolume") == []


def test_one() -> None:
    assert lines("btrfs_subvolume", facts(subvolume="@rootfs")) == [
        "root file system: found the Btrfs subvolume @rootfs, expected no subvolume"
    ]


def test_its_weight() -> None:
    finding = findings("btrfs_subvolume", facts(subvolume="@"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == (
        "ClientError: Unsupported configuration - Btrfs subvolumes are not supported"
    )

# SPDX-License-Identifier: Apache-2.0
"""Kinds of VMDK."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import DISK, findings, lines, subject


def test_a_stream_optimized_one_passes() -> None:
    assert lines("vmdk_kind") == []


def test_a_sparse_one_is_not_of_aws() -> None:
    assert lines(
        "vmdk_kind", at=subject(disks=(replace(DISK, create_type="monolithicSparse"),))
    ) == ["createType of disk1.vmdk: found monolithicSparse, expected streamOptimized"]


def test_its_weight() -> None:
    finding = findings(
        "vmdk_kind", at=subject(disks=(replace(DISK, create_type="monolithicSparse"),))
    )[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == (
        "ClientError: Disk validation failed [Unsupported VMDK File Format]"
    )

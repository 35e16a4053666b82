# SPDX-License-Identifier: Apache-2.0
"""Encrypted data."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ROOT, facts, findings, lines


def test_none() -> None:
    assert lines("encrypted_volume") == []


def test_a_data_partition() -> None:
    assert lines(
        "encrypted_volume",
        facts(partitions=(ROOT, replace(ROOT, number=2, filesystem="crypto_LUKS"))),
    ) == ["disk 0, partition 2: found crypto_LUKS, expected a volume without encryption"]


def test_its_weight() -> None:
    finding = findings(
        "encrypted_volume", facts(partitions=(ROOT, replace(ROOT, filesystem="BitLocker")))
    )[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Encrypted volumes are not supported")

# SPDX-License-Identifier: Apache-2.0
"""Architectures."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines


def test_a_64_bit_guest() -> None:
    assert lines("architecture") == []


def test_a_32_bit_guest() -> None:
    assert lines("architecture", facts(architecture="i386")) == [
        "architecture of the guest: found i386, expected x86_64"
    ]


def test_an_arm64_guest() -> None:
    assert lines("architecture", facts(architecture="arm64")) == [
        "architecture of the guest: found arm64, expected x86_64"
    ]


def test_its_weight() -> None:
    finding = findings("architecture", facts(architecture="i386"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Unsupported architecture")

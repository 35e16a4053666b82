# SPDX-License-Identifier: Apache-2.0
"""Architectures."""

from __future__ import annotations

from tests.guest.rules.subjects import facts, findings, lines, request


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


def test_what_was_asked_is_what_it_is() -> None:
    assert lines("architecture", at=request(architecture="x86_64")) == []
    assert lines("architecture", at=request(architecture="i386")) == [
        "the machine is x86_64, expected i386 as requested"
    ]


def test_a_32_bit_guest_that_was_asked_for() -> None:
    asked, missed = request(architecture="i386"), request(architecture="x86_64")
    guest = facts(architecture="i386")
    assert len(lines("architecture", guest, asked)) == 1
    first, second = findings("architecture", guest, missed)
    assert first.message == "the machine is i386, expected x86_64 as requested"
    assert (first.concerns, second.concerns) == (("vmferry", "aws"), ("aws",))


def test_its_weight() -> None:
    finding = findings("architecture", facts(architecture="i386"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Unsupported architecture")

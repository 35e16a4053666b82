# SPDX-License-Identifier: Apache-2.0
"""Menus that start nothing."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ENTRY, facts, findings, lines


def test_one_that_starts_a_kernel() -> None:
    assert lines("boot_menu") == []


def test_none() -> None:
    assert lines("boot_menu", facts(boot_entries=())) == [
        "boot menu: found none, expected one of GRUB"
    ]


def test_a_default_without_its_kernel() -> None:
    assert lines("boot_menu", facts(boot_entries=(replace(ENTRY, kernel="boot/gone"),))) == [
        (
            "default entry of boot/grub/grub.cfg: found boot/gone, expected one of "
            "boot/vmlinuz-5.10.0-28-amd64"
        )
    ]


def test_its_weight() -> None:
    finding = findings("boot_menu", facts(boot_entries=()))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Unable to determine kernel version.")

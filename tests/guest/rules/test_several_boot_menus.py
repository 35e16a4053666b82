# SPDX-License-Identifier: Apache-2.0
"""Several menus."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ENTRY, facts, findings, lines


def test_one() -> None:
    assert lines("several_boot_menus", facts(boot_entries=(ENTRY, ENTRY))) == []


def test_two() -> None:
    assert lines(
        "several_boot_menus",
        facts(boot_entries=(ENTRY, replace(ENTRY, source="boot/grub/menu.lst"))),
    ) == ["boot menus: found boot/grub/grub.cfg and boot/grub/menu.lst, expected one"]


def test_its_weight() -> None:
    finding = findings(
        "several_boot_menus", facts(boot_entries=(ENTRY, replace(ENTRY, source="b")))
    )[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Multiple different grub/menu.lst files found.")

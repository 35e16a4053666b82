# SPDX-License-Identifier: Apache-2.0
"""Modes of starting."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ROOT, facts, findings, lines, request


def test_the_mode_that_is_there() -> None:
    assert lines("boot_mode", at=request(boot_mode="legacy-bios")) == []


def test_whatever_is_there() -> None:
    assert lines("boot_mode") == []


def test_another_one() -> None:
    assert lines("boot_mode", at=request(boot_mode="uefi")) == [
        "the machine cannot be started in boot mode uefi, found legacy-bios"
    ]


def test_none() -> None:
    assert lines("boot_mode", facts(boot_modes=())) == [
        "the machine cannot be started in any mode, found neither boot code nor an EFI loader"
    ]


def test_its_weight() -> None:
    finding = findings("boot_mode", facts(boot_modes=()))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("ClientError: No bootable partition found")


def test_a_system_partition_without_the_fallback_loader() -> None:
    esp = replace(ROOT, kind="0xef")
    of = facts(partitions=(ROOT, esp))
    (finding,) = findings("boot_mode", of, request(boot_mode="uefi"))
    assert finding.aws_text == (
        "ClientError: EFI fallback binary EFI/BOOT/BOOTX64.EFI not found in the EFI system"
        " partition"
    )
    assert finding.remedy == "Leave --boot-mode out to take what the disk has"


def test_without_a_partition_table_that_is_the_cause() -> None:
    assert lines("boot_mode", facts(boot_modes=(), partition_table="none")) == []

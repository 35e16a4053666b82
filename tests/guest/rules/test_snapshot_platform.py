# SPDX-License-Identifier: Apache-2.0
"""UEFI machines out of snapshots."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import DISK, facts, findings, lines, subject

from vmferry.model.guest import BootMode


def test_a_bios_machine() -> None:
    assert lines("snapshot_platform", at=subject(disks=(replace(DISK, format="snapshot"),))) == []


def test_a_uefi_machine_from_a_file() -> None:
    assert lines("snapshot_platform", facts(boot_modes=(BootMode.UEFI,))) == []


def test_a_uefi_machine_from_a_snapshot() -> None:
    assert lines(
        "snapshot_platform",
        facts(boot_modes=(BootMode.UEFI,)),
        subject(disks=(replace(DISK, format="snapshot"),)),
    ) == [
        "request for a UEFI machine from a snapshot: found no platform, expected Linux or Windows"
    ]


def test_its_weight() -> None:
    finding = findings(
        "snapshot_platform",
        facts(boot_modes=(BootMode.UEFI,)),
        subject(disks=(replace(DISK, format="snapshot"),)),
    )[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("MissingParameter: The request must contain the parameter platform")

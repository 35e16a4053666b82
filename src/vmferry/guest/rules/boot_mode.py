# SPDX-License-Identifier: Apache-2.0
"""A machine can be started in the mode that was asked for, or in any.

Source: aws-behaviour.md, 11-F, line 385, and 11-I, line 451.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

ESP: Final = ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef")
NO_FALLBACK: Final = (
    "ClientError: EFI fallback binary EFI/BOOT/BOOTX64.EFI not found in the EFI system partition"
)


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield why it cannot be started; without a partition table that is the cause."""
    wanted = subject.request.boot_mode
    modes = facts.boot_modes
    if facts.partition_table == "none" or (modes and wanted in ("", *modes)):
        return
    mode = f"boot mode {wanted}" if wanted else "any mode"
    found = " and ".join(modes) or "neither boot code nor an EFI loader"
    esp = any(partition.kind in ESP for partition in facts.partitions)
    yield Seen(
        "",
        f"the machine cannot be started in {mode}, found {found}",
        remedy="Leave --boot-mode out to take what the disk has" if modes else None,
        aws_text=NO_FALLBACK if esp and wanted != "legacy-bios" else None,
    )


RULE = Rule(
    name="boot_mode",
    section="11-F Boot modes",
    severity=Severity.BLOCKS,
    stage=Stage.START,
    aws_text="ClientError: No bootable partition found",
    remedy="Install the boot loader on the disk that is imported",
    guest=check,
)

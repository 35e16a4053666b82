# SPDX-License-Identifier: Apache-2.0
"""The firmware that the appliance asks for can start the disk.

Source: aws-behaviour.md, 11-F, line 385.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity
from vmferry.model.guest import BootMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

MODES: Final = {"efi": BootMode.UEFI, "bios": BootMode.LEGACY_BIOS}


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield a firmware that the disk was not prepared for."""
    firmware = subject.machine.firmware if subject.machine else ""
    wanted = MODES.get(firmware)
    if wanted and facts.boot_modes and wanted not in facts.boot_modes:
        yield Seen("firmware of the appliance", firmware, " or ".join(facts.boot_modes))


RULE = Rule(
    name="firmware",
    section="11-F Boot modes",
    severity=Severity.WARNS,
    stage=Stage.START,
    remedy="The boot mode that the disk has is taken",
    guest=check,
)

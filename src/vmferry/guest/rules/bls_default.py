# SPDX-License-Identifier: Apache-2.0
"""Entries of the Boot Loader Specification have a default among them.

Source: aws-behaviour.md, 11-Z, line 2763.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield entries none of which is the default."""
    entries = [entry for entry in facts.boot_entries if entry.loader == "bls"]
    if entries and not any(entry.default for entry in facts.boot_entries):
        yield Seen("boot entries", f"{len(entries)} without a default", "a default in grubenv")


RULE = Rule(
    name="bls_default",
    section="11-Z Troubleshooting",
    severity=Severity.BLOCKS,
    stage=Stage.MENU,
    concerns=(Service.AWS,),
    aws_text="ClientError: BLSC-style GRUB found, but unable to detect default kernel",
    remedy="Run grubby --set-default KERNEL in the machine",
    guest=check,
)

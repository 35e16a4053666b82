# SPDX-License-Identifier: Apache-2.0
"""/etc/fstab can be read.

Source: aws-behaviour.md, 11-Z, line 2759.
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
    """Yield an fstab that mounts nothing."""
    if not facts.fstab:
        yield Seen("/etc/fstab", "no entry", "one for the root file system")


RULE = Rule(
    name="fstab_missing",
    section="11-Z Troubleshooting",
    severity=Severity.BLOCKS,
    stage=Stage.FILES,
    concerns=(Service.AWS,),
    aws_text="ClientError: Invalid configuration - Could not read fstab",
    remedy="Write an fstab with the root file system in the machine",
    guest=check,
)

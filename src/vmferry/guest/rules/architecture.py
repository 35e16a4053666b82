# SPDX-License-Identifier: Apache-2.0
"""AWS imports 64-bit x86 only, we start 32-bit machines too; neither takes another than was asked.

Source: aws-behaviour.md, 3.1, Architecture; 11-E, line 270, and 11-I, line 447.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

TAKE_WHAT_IS: Final = "Leave --architecture out to take what is found"


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield another architecture."""
    found = facts.architecture
    wanted = subject.request.architecture
    if wanted and wanted != found:
        yield Seen(
            "",
            f"the machine is {found or 'unknown'}",
            f"{wanted} as requested",
            remedy=TAKE_WHAT_IS,
        )
    if found == "x86_64":
        return
    concerns = (Service.AWS,) if found == "i386" else None
    yield Seen("architecture of the guest", found, "x86_64", concerns=concerns)


RULE = Rule(
    name="architecture",
    section="11-I Linux limits",
    severity=Severity.BLOCKS,
    stage=Stage.SYSTEM,
    aws_text="ClientError: Unsupported architecture",
    remedy="Move the machine to a 64-bit x86 system",
    guest=check,
)

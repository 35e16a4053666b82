# SPDX-License-Identifier: Apache-2.0
"""The root has room for what is changed at an import.

Source: aws-behaviour.md, 11-I, line 449; AWS does not say how much: an initramfs has about 60 MiB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity
from vmferry.units import MIB, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

LEAST: Final = 64 * MIB
FULL: Final = MIB


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield too little room."""
    if facts.free is None or facts.free >= LEAST:
        return
    full = facts.free < FULL
    yield Seen(
        "free space of the root file system",
        human(facts.free),
        f"at least {human(LEAST)}",
        severity=Severity.BLOCKS if full else None,
        concerns=(Service.AWS,) if full else None,
    )


RULE = Rule(
    name="free_space",
    section="11-I Linux limits",
    severity=Severity.WARNS,
    stage=Stage.FILES,
    aws_text="ClientError: Insufficient free space on the root volume",
    remedy="Delete what is not needed, or make the file system larger",
    guest=check,
)

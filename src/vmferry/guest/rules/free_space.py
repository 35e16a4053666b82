# SPDX-License-Identifier: Apache-2.0
"""The root, and /boot where it is apart, have room for what is changed at an import.

Source: aws-behaviour.md, 11-I, line 449; AWS does not say how much, so the operator does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity
from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

BOOT: Final = "/boot"


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield too little room."""
    if facts.free is not None and facts.free < subject.low_space:
        full = facts.free < subject.no_space
        yield Seen(
            "free space of the root file system",
            human(facts.free),
            f"at least {human(subject.low_space)}",
            severity=Severity.BLOCKS if full else None,
            concerns=(Service.AWS,) if full else None,
        )
    for entry in facts.fstab:
        if entry.path == BOOT and entry.partition not in (None, facts.root):
            free = facts.partitions[entry.partition or 0].free
            if free is not None and free < subject.low_space:
                yield Seen(
                    "free space of /boot",
                    human(free),
                    f"at least {human(subject.low_space)}",
                    aws_text="",
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

# SPDX-License-Identifier: Apache-2.0
"""The guest is of the platform that was asked for.

Source: aws-behaviour.md, 3.1, Platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield another platform."""
    wanted = subject.request.platform
    if wanted and wanted.lower() != facts.platform.lower():
        yield Seen("", f"the machine is {facts.platform}", f"{wanted} as requested")


RULE = Rule(
    name="platform",
    section="11-E Operating systems",
    severity=Severity.BLOCKS,
    stage=Stage.SYSTEM,
    aws_text="ClientError: Unknown OS / Missing OS files.",
    remedy="Leave --platform out to take what is found",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""A firewall of the guest lets SSH in.

Source: aws-behaviour.md, 11-L, lines 489 and 490.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield every firewall that is enabled."""
    for name in facts.services.firewalls:
        yield Seen("firewall", f"{name} is enabled")


RULE = Rule(
    name="firewall",
    section="11-L Linux preparation",
    severity=Severity.INFORMS,
    remedy="Let TCP port 22 in",
    guest=check,
)

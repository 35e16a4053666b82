# SPDX-License-Identifier: Apache-2.0
"""Network cards get their address by DHCP.

Source: aws-behaviour.md, 11-K, line 483, and 11-R, line 959.
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
    """Yield every static address."""
    for each in facts.interfaces:
        if each.method == "static":
            found = ", ".join(each.addresses) or "a static address"
            yield Seen(each.source, f"{found} for {each.name or 'any card'}", "DHCP")


RULE = Rule(
    name="static_address",
    section="11-K General preparation",
    severity=Severity.WARNS,
    remedy="Configure the card by DHCP before the export",
    guest=check,
)

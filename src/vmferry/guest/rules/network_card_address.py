# SPDX-License-Identifier: Apache-2.0
"""Configurations of network cards do not depend on their hardware addresses.

Source: aws-behaviour.md, 11-H, line 438: the card after the import is another one.
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
    """Yield what names an address."""
    for each in facts.interfaces:
        if each.mac:
            yield Seen(each.source, f"{each.name or 'a card'} tied to {each.mac}")
    for text in facts.services.persistent_names:
        yield Seen("names of network cards", text, "no rule that ties a name to an address")


RULE = Rule(
    name="network_card_address",
    section="11-H General limits",
    severity=Severity.WARNS,
    remedy="Remove the hardware address (and 70-persistent-net.rules) before the export",
    guest=check,
)

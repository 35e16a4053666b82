# SPDX-License-Identifier: Apache-2.0
"""A machine has one network card after its import.

Source: aws-behaviour.md, 11-H, line 438.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject


def check(subject: Subject) -> Iterator[Seen]:
    """Yield the number of cards if there are more."""
    cards = subject.machine.cards if subject.machine else ()
    if len(cards) > 1:
        yield Seen("", f"the appliance has {len(cards)} network cards", "one, with DHCP")


RULE = Rule(
    name="network_cards",
    section="11-H General limits",
    severity=Severity.INFORMS,
    remedy="Attach the others to the instance",
    machine=check,
)

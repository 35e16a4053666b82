# SPDX-License-Identifier: Apache-2.0
"""Scanners and intrusion detection are disabled.

Source: aws-behaviour.md, 11-K, line 480, and 11-Z, line 2708.
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
    """Yield every scanner that is enabled."""
    for name in facts.services.antivirus:
        yield Seen("services", f"{name} is enabled", "disabled for the import")


RULE = Rule(
    name="antivirus",
    section="11-K General preparation",
    severity=Severity.WARNS,
    remedy="Disable it before the export",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""The tools of the old hypervisor are removed.

Source: aws-behaviour.md, 11-K, line 481.
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
    """Yield the tools that are installed."""
    for name in facts.services.tools:
        state = "starts with the machine" if name in facts.services.started else "is installed"
        yield Seen("services", f"{name} {state}", "no tools of a hypervisor")


RULE = Rule(
    name="hypervisor_tools",
    section="11-K General preparation",
    severity=Severity.INFORMS,
    remedy="Uninstall it before the export",
    guest=check,
)

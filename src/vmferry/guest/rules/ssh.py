# SPDX-License-Identifier: Apache-2.0
"""A server for SSH is enabled.

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
    """Yield a server that is not."""
    if facts.services.ssh != "enabled":
        yield Seen("SSH server", facts.services.ssh or "none", "enabled")


RULE = Rule(
    name="ssh",
    section="11-L Linux preparation",
    severity=Severity.WARNS,
    remedy="Install and enable sshd, or the machine can be reached by its console only",
    guest=check,
)

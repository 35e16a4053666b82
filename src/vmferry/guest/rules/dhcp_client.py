# SPDX-License-Identifier: Apache-2.0
"""A DHCP client is installed.

Source: aws-behaviour.md, 11-K, line 483.
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
    """Yield a guest that has none."""
    if not facts.services.dhcp_clients:
        yield Seen("DHCP clients", "none", "one")


RULE = Rule(
    name="dhcp_client",
    section="11-K General preparation",
    severity=Severity.WARNS,
    aws_text="FirstBootFailure: This import request failed because the instance "
    "failed to boot and establish network connectivity.",
    remedy="Install a DHCP client in the machine",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""AWS imports the distributions and versions of its table, and no others.

Source: aws-behaviour.md, 11-E, lines 272 to 342.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.guest.rules._linux import rows_of, table
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a system that is not in the table, with what is there of its distribution."""
    if rows_of(facts.distribution, facts.version):
        return
    known = [row.name for row in table() if facts.distribution in row.ids]
    expected = ", ".join(known) or "a distribution of the guide's table"
    yield Seen("operating system", facts.pretty_name or facts.distribution, expected)


RULE = Rule(
    name="operating_system",
    section="11-E Operating systems",
    severity=Severity.BLOCKS,
    stage=Stage.SYSTEM,
    concerns=(Service.AWS,),
    aws_text="ClientError: Unknown OS / Missing OS files.",
    remedy="Import its disk with import-snapshot and register an image of it",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""What was damaged in the guest and did not stop the look.

Source: docs/design.md, 2: inspect before copying.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield every damage."""
    for text in facts.damage:
        yield Seen("", text)


RULE = Rule(
    name="damage",
    section="11-Z Troubleshooting",
    severity=Severity.INFORMS,
    stage=Stage.FILES,
    remedy="Repair it in the machine if it is needed",
    guest=check,
)

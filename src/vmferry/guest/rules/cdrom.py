# SPDX-License-Identifier: Apache-2.0
"""No disc lies in a CD or DVD drive: drives are not imported, and what is mounted from one is gone.

Source: aws-behaviour.md, 11-K, line 482.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject


def check(subject: Subject) -> Iterator[Seen]:
    """Yield every disc."""
    for disc in subject.machine.discs if subject.machine else ():
        yield Seen("CD or DVD drive of the appliance", disc, "an empty drive")


RULE = Rule(
    name="cdrom",
    section="11-K General preparation",
    severity=Severity.WARNS,
    remedy="Take the disc out before the export; the drive is left out",
    machine=check,
)

# SPDX-License-Identifier: Apache-2.0
"""A machine has at most 21 disks.

Source: aws-behaviour.md, 11-H, line 435.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject

MOST: Final = 21


def check(subject: Subject) -> Iterator[Seen]:
    """Yield the number of disks if it is too large."""
    if len(subject.disks) > MOST:
        yield Seen("", f"the machine has {len(subject.disks)} disks", f"at most {MOST}")


RULE = Rule(
    name="disk_count",
    section="11-H General limits",
    severity=Severity.BLOCKS,
    stage=Stage.DISKS,
    aws_text=f"ClientError: The number of disks exceeds the limit of {MOST}.",
    remedy="Import the others with import-snapshot",
    machine=check,
)

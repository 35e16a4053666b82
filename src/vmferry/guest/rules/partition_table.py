# SPDX-License-Identifier: Apache-2.0
"""A machine boots from a disk with an MBR or GPT partition table.

Source: aws-behaviour.md, 11-D, line 262, and 11-G, line 395.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield a bare first disk."""
    if facts.partition_table == "none":
        label = subject.disks[0].label if subject.disks else "disk 0"
        yield Seen("", f"{label}: a file system on the bare disk", "a partition table")


RULE = Rule(
    name="partition_table",
    section="11-G Volumes",
    severity=Severity.BLOCKS,
    stage=Stage.VOLUMES,
    aws_text="ClientError: No valid partitions. Not a valid volume.",
    remedy="Copy the machine to a disk with an MBR or GPT partition table",
    guest=check,
)

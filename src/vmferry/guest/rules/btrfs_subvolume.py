# SPDX-License-Identifier: Apache-2.0
"""AWS imports no root in a subvolume.

Source: aws-behaviour.md, 11-G, line 399.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield the subvolume that is the root."""
    if facts.subvolume:
        yield Seen("root file system", f"the Btrfs subvolume {facts.subvolume}", "no subvolume")


RULE = Rule(
    name="btrfs_subvolume",
    section="11-G Volumes",
    severity=Severity.BLOCKS,
    stage=Stage.SYSTEM,
    concerns=(Service.AWS,),
    aws_text="ClientError: Unsupported configuration - Btrfs subvolumes are not supported",
    remedy="Move the root to a file system of its own",
    guest=check,
)

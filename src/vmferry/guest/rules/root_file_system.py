# SPDX-License-Identifier: Apache-2.0
"""AWS imports Linux on ext2, ext3, ext4, Btrfs, JFS and XFS.

Source: aws-behaviour.md, 11-G, line 395, and 11-L, line 493.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

KINDS: Final = ("ext2", "ext3", "ext4", "btrfs", "jfs", "xfs")


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a root on another file system."""
    found = facts.partitions[facts.root].filesystem
    if found not in KINDS:
        yield Seen("root file system", found, ", ".join(KINDS))


RULE = Rule(
    name="root_file_system",
    section="11-G Volumes",
    severity=Severity.BLOCKS,
    stage=Stage.SYSTEM,
    concerns=(Service.AWS,),
    aws_text="ClientError: Unknown OS / Missing OS files.",
    remedy="Move the root to ext4",
    guest=check,
)

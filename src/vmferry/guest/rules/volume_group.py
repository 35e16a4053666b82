# SPDX-License-Identifier: Apache-2.0
"""Every volume group on the disks is whole.

A group that holds the root and is not whole ends the look (``report.CAUSES``, with the same name);
here are those of data. We import the machine without them, AWS activates all groups and fails.

Source: aws-behaviour.md, 11-Z, line 2779.
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
    """Yield what is lost, to each service by its weight."""
    for text in facts.lost_volumes:
        yield Seen("", text)
        yield Seen("", text, aws_text="", severity=Severity.WARNS, concerns=(Service.VMFERRY,))


RULE = Rule(
    name="volume_group",
    section="11-Z Troubleshooting",
    severity=Severity.BLOCKS,
    stage=Stage.VOLUMES,
    concerns=(Service.AWS,),
    aws_text="ClientError: Unsupported configuration - Logical volume group activation failed",
    remedy="Import all disks of the volume group, or remove the group in the machine",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""AWS wants to know the platform of a UEFI machine that comes from a snapshot.

Source: aws-behaviour.md, 11-H, line 433.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield a platform that is missing."""
    request = subject.request
    snapshot = any(disk.format == "snapshot" for disk in subject.disks)
    uefi = request.boot_mode == "uefi" or "uefi" in facts.boot_modes
    if snapshot and uefi and not request.platform:
        yield Seen("request for a UEFI machine from a snapshot", "no platform", "Linux or Windows")


RULE = Rule(
    name="snapshot_platform",
    section="11-H General limits",
    severity=Severity.BLOCKS,
    stage=Stage.DISKS,
    concerns=(Service.AWS,),
    aws_text="MissingParameter: The request must contain the parameter platform",
    remedy="Name it with --platform",
    guest=check,
)

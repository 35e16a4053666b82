# SPDX-License-Identifier: Apache-2.0
"""The root is on the disk that is started.

Source: aws-behaviour.md, 11-H, line 434.
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
    """Yield the disk of the root if it is another one."""
    disk = facts.partitions[facts.root].disk
    if disk:
        yield Seen("root file system", f"disk {disk}", "disk 0, which is started")


RULE = Rule(
    name="root_disk",
    section="11-H General limits",
    severity=Severity.WARNS,
    stage=Stage.START,
    aws_text="FirstBootFailure: This import request failed because the instance "
    "failed to boot and establish network connectivity.",
    remedy="Name the disk with the root first",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""The machine was shut down before its disks were exported.

What is in a journal is replayed when the guest starts; what was in memory only is lost.

Source: aws-behaviour.md, 11-L, line 495.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts, Partition

HIBERNATED: Final = "swsuspend"


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield file systems that were not unmounted, and a memory that waits to be woken."""
    for partition in facts.partitions:
        if not partition.clean:
            yield Seen(
                _where(partition), f"a journal of {partition.filesystem} to replay, or errors"
            )
        elif partition.filesystem == HIBERNATED:
            yield Seen(_where(partition), "the memory of a machine that hibernates", "swap space")


def _where(partition: Partition) -> str:
    if partition.volume:
        return f"volume {partition.volume}"
    return f"disk {partition.disk}, partition {partition.number}"


RULE = Rule(
    name="clean_shutdown",
    section="11-L Linux preparation",
    severity=Severity.WARNS,
    remedy="Shut the machine down, do not suspend it, and export it again",
    guest=check,
)

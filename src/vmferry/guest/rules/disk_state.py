# SPDX-License-Identifier: Apache-2.0
"""A disk was closed before it was exported.

Source: aws-behaviour.md, 11-L, line 495.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject


def check(subject: Subject) -> Iterator[Seen]:
    """Yield what readers noticed and did not refuse."""
    for disk in subject.disks:
        for warning in disk.warnings:
            yield Seen("", f"{disk.label}: {warning}")


RULE = Rule(
    name="disk_state",
    section="11-L Linux preparation",
    severity=Severity.WARNS,
    stage=Stage.DISKS,
    remedy="Shut the machine down and export it again",
    machine=check,
)

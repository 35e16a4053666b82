# SPDX-License-Identifier: Apache-2.0
"""A disk is smaller than AWS's limit for an image, and holds anything at all.

Source: aws-behaviour.md, 11-H, lines 439 to 441.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity
from vmferry.units import TIB, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject

LIMIT: Final = 8 * TIB
AWS_ONLY: Final = (Service.AWS,)


def check(subject: Subject) -> Iterator[Seen]:
    """Yield every disk of another size."""
    for disk in subject.disks:
        where = f"virtual size of {disk.label}"
        if not 0 < disk.size <= subject.max_disk:
            expected = f"more than nothing and at most {human(subject.max_disk)}"
            yield Seen(where, human(disk.size), expected)
        elif disk.size >= LIMIT:
            yield Seen(where, human(disk.size), f"less than {human(LIMIT)}", concerns=AWS_ONLY)


RULE = Rule(
    name="disk_size",
    section="11-H General limits",
    severity=Severity.BLOCKS,
    stage=Stage.DISKS,
    aws_text="ClientError: Disk validation failed [Disk image size too large]",
    remedy="Make the disk smaller, or import it with import-snapshot",
    machine=check,
)

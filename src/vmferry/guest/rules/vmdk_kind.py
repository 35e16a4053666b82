# SPDX-License-Identifier: Apache-2.0
"""AWS imports no VMDK but the stream-optimized one.

Source: aws-behaviour.md, 11-D, line 260, and 11-H, lines 431 and 432.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject


def check(subject: Subject) -> Iterator[Seen]:
    """Yield every VMDK of another kind."""
    for disk in subject.disks:
        if disk.create_type not in ("", "streamOptimized"):
            yield Seen(f"createType of {disk.label}", disk.create_type, "streamOptimized")


RULE = Rule(
    name="vmdk_kind",
    section="11-D Image formats",
    severity=Severity.BLOCKS,
    stage=Stage.DISKS,
    concerns=(Service.AWS,),
    aws_text="ClientError: Disk validation failed [Unsupported VMDK File Format]",
    remedy="Convert it: vmferry convert DISK DISK.vmdk",
    machine=check,
)

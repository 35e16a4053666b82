# SPDX-License-Identifier: Apache-2.0
"""AWS imports raw, VHD, VHDX and stream-optimized VMDK; we read more.

Source: aws-behaviour.md, 11-C, line 206, and 11-D, lines 259 to 262.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject

FORMATS: Final = ("raw", "vhd", "vhdx", "vmdk", "snapshot")


def check(subject: Subject) -> Iterator[Seen]:
    """Yield every disk of a format that AWS does not import."""
    for disk in subject.disks:
        if disk.format not in FORMATS:
            yield Seen(f"format of {disk.label}", disk.format, "raw, vhd, vhdx or vmdk")


RULE = Rule(
    name="disk_format",
    section="11-D Image formats",
    severity=Severity.BLOCKS,
    stage=Stage.DISKS,
    concerns=(Service.AWS,),
    aws_text="ClientError: Disk validation failed [Unsupported specified file format]",
    remedy="Convert it: vmferry convert DISK DISK.vmdk",
    machine=check,
)

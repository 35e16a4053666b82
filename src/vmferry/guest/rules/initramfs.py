# SPDX-License-Identifier: Apache-2.0
"""The initramfs of the default kernel can be read.

One that is only too long for us is no finding for AWS; a kernel without any may need none.

Source: aws-behaviour.md, 11-R, line 958, and 11-Z, line 2769.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.guest.rules._default import default_kernel
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield an initramfs that is damaged, of an unknown kind, or not there."""
    kernel = default_kernel(facts)
    if kernel.initramfs and kernel.undecided.startswith(f"{kernel.initramfs}: "):
        yield Seen("", kernel.undecided)
        yield Seen(
            "", kernel.undecided, aws_text="", severity=Severity.WARNS, concerns=(Service.VMFERRY,)
        )


RULE = Rule(
    name="initramfs",
    section="11-Z Troubleshooting",
    severity=Severity.BLOCKS,
    stage=Stage.START,
    concerns=(Service.AWS,),
    aws_text="ClientError: We were unable to read your import's initramfs/initrd "
    "to determine what drivers your import requires to run in EC2",
    remedy="Make it again in the machine: dracut -f, update-initramfs -u or mkinitrd",
    guest=check,
)

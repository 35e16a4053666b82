# SPDX-License-Identifier: Apache-2.0
"""The default kernel finds its root on the disk of a virtual machine.

Source: aws-behaviour.md, 11-R, line 958; QEMU's disks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.guest.rules._default import default_kernel
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

STORAGE: Final = {"virtio_blk", "virtio_scsi", "nvme", "ahci", "ata_piix"}


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a kernel whose initramfs is known and has none of the drivers."""
    kernel = default_kernel(facts)
    early = {*kernel.built_in, *kernel.in_initramfs}
    if early and not kernel.undecided and not early & STORAGE:
        yield Seen(
            f"drivers of {kernel.initramfs or kernel.path}",
            ", ".join(sorted(early)),
            f"one of {', '.join(sorted(STORAGE))}",
        )


RULE = Rule(
    name="storage_drivers",
    section="11-R Modifications",
    severity=Severity.WARNS,
    stage=Stage.START,
    concerns=(Service.VMFERRY,),
    remedy="Add virtio_blk to the initramfs in the machine and export it again",
    guest=check,
)

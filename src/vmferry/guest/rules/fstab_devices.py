# SPDX-License-Identifier: Apache-2.0
"""What fstab mounts is there, and is named so that it will be found.

A machine whose fstab needs a device that is not there asks for root's password on its console,
where nobody is.

Source: aws-behaviour.md, 11-R, line 961; systemd-fstab-generator(8), systemd.mount(5), "fstab".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.fstab import NO_DEVICE
from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import FstabEntry, GuestFacts

BY_PLACE: Final = ("/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/disk/by-path/")
BY_NAME: Final = ("UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "ID=", "/dev/")
OPTIONAL: Final = {"noauto", "nofail", "_netdev", "x-systemd.automount"}
"""systemd starts the machine without it."""

HIDING: Final = ("linux_raid_member", "crypto_LUKS")
"""What the missing device may be inside of: these are not looked into."""


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield devices that are not on the disks, and those that have names of a place."""
    hides = any(partition.filesystem in HIDING for partition in facts.partitions)
    for entry in facts.fstab:
        where = f"/etc/fstab, line {entry.line}"
        if _is_missing(entry):
            harmless = hides or not _stops(entry)
            yield Seen(
                where,
                entry.spec,
                f"a device of these disks for {entry.path}",
                severity=Severity.INFORMS if harmless else None,
            )
        elif entry.partition is not None and entry.spec.startswith(BY_PLACE):
            yield Seen(where, entry.spec, f"a UUID for {entry.path}", severity=Severity.INFORMS)


def _is_missing(entry: FstabEntry) -> bool:
    if entry.partition is not None or not entry.spec.startswith(BY_NAME):
        return False
    return entry.kind not in NO_DEVICE and not OPTIONAL & set(entry.options.split(","))


def _stops(entry: FstabEntry) -> bool:
    """Tell whether systemd ends in its emergency mode for want of the device.

    It only waits for swap, and of the root the kernel's command line says where it is.
    """
    return entry.kind != "swap" and entry.path != "/"


RULE = Rule(
    name="fstab_devices",
    section="11-R Modifications",
    severity=Severity.WARNS,
    stage=Stage.FILES,
    remedy="Name devices by UUID, add nofail to those that are not imported",
    guest=check,
)

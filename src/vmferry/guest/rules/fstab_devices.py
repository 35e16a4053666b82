# SPDX-License-Identifier: Apache-2.0
"""What fstab mounts is there, and is named so that it will be found.

Source: aws-behaviour.md, 11-R, line 961.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

BY_PLACE: Final = ("/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/disk/by-path/")
BY_NAME: Final = ("UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/")
OPTIONAL: Final = {"noauto", "nofail"}


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield devices that are not on the disks, and those that have names of a place."""
    for entry in facts.fstab:
        where = f"/etc/fstab, line {entry.line}"
        missing = entry.partition is None and entry.spec.startswith(BY_NAME)
        if missing and not OPTIONAL & set(entry.options.split(",")):
            yield Seen(where, entry.spec, f"a device of these disks for {entry.path}")
        elif entry.partition is not None and entry.spec.startswith(BY_PLACE):
            yield Seen(where, entry.spec, f"a UUID for {entry.path}", severity=Severity.INFORMS)


RULE = Rule(
    name="fstab_devices",
    section="11-R Modifications",
    severity=Severity.WARNS,
    remedy="Name devices by UUID, add nofail to those that are not imported",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""fstab mounts no shares that the machine cannot reach any more.

Source: aws-behaviour.md, 11-R, line 963.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

KINDS: Final = ("cifs", "smbfs", "vboxsf", "sshfs", "fuse.sshfs")


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield every entry that import disables."""
    for entry in facts.fstab:
        if entry.kind in KINDS:
            yield Seen(f"/etc/fstab, line {entry.line}", f"{entry.kind} at {entry.path}")


RULE = Rule(
    name="fstab_network",
    section="11-R Modifications",
    severity=Severity.INFORMS,
    stage=Stage.FILES,
    remedy="Nothing: AWS comments it out",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""A guest has a menu of GRUB with an entry that starts a kernel of its own.

Source: aws-behaviour.md, 11-L, line 492, and 2.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a menu that is missing, or one whose default starts nothing that is there."""
    if not facts.boot_entries:
        yield Seen("boot menu", "none", "one of GRUB")
        return
    default = next((entry for entry in facts.boot_entries if entry.default), None)
    paths = [kernel.path for kernel in facts.kernels]
    if default is not None and default.kernel not in paths:
        found = default.kernel or "no kernel"
        yield Seen(f"default entry of {default.source}", found, f"one of {', '.join(paths)}")


RULE = Rule(
    name="boot_menu",
    section="11-L Linux preparation",
    severity=Severity.BLOCKS,
    stage=Stage.MENU,
    concerns=(Service.AWS,),
    aws_text="ClientError: Unable to determine kernel version.",
    remedy="Run grub-mkconfig (or update-grub) in the machine",
    guest=check,
)

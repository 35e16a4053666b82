# SPDX-License-Identifier: Apache-2.0
"""A guest has one menu of GRUB.

Source: aws-behaviour.md, 11-H, line 429, and 11-Z, line 2609.
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
    """Yield the menus if there are several with entries."""
    menus = ("grub-legacy", "grub2")
    found = {entry.source for entry in facts.boot_entries if entry.loader in menus}
    if len(found) > 1:
        yield Seen("boot menus", " and ".join(sorted(found)), "one")


RULE = Rule(
    name="several_boot_menus",
    section="11-H General limits",
    severity=Severity.BLOCKS,
    stage=Stage.MENU,
    concerns=(Service.AWS,),
    aws_text="ClientError: Multiple different grub/menu.lst files found.",
    remedy="Remove the menu that does not start the machine",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""Network cards have names that do not depend on where they are plugged in.

Source: aws-behaviour.md, 11-I, line 452, and 11-L, line 494.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

BEGINNINGS: Final = ("eno", "enp", "ens", "enx")
OFF: Final = "net.ifnames=0"


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield configurations of names that will be others."""
    options = [entry.options for entry in facts.boot_entries if entry.default]
    if options and all(OFF in text.split() for text in options):
        return
    for each in facts.interfaces:
        if each.name.startswith(BEGINNINGS):
            yield Seen(each.source, f"the network card {each.name}", "eth0")


RULE = Rule(
    name="predictable_names",
    section="11-I Linux limits",
    severity=Severity.WARNS,
    remedy="Add net.ifnames=0 to the kernel's command line and configure eth0 by DHCP",
    guest=check,
)

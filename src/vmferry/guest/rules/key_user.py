# SPDX-License-Identifier: Apache-2.0
"""Somebody can log in with a key.

Source: aws-behaviour.md, 11-L, line 491.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a guest in which nobody but root has a key."""
    services = facts.services
    if not services.cloud_init and not set(services.key_users) - {"root"}:
        yield Seen("", "no user but root has an SSH key, and there is no cloud-init to make one")


RULE = Rule(
    name="key_user",
    section="11-L Linux preparation",
    severity=Severity.INFORMS,
    remedy="Add a user with an authorized key; import makes no ec2-user",
    guest=check,
)

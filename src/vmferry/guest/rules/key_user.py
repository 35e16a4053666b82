# SPDX-License-Identifier: Apache-2.0
"""Somebody can log in with a key.

Source: aws-behaviour.md, 11-L, line 491.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen
from vmferry.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

EC2: Final = "Ec2"
"""The datasource that brings the key of a launch."""


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a guest in which nobody but root has a key, and will have none."""
    services = facts.services
    if set(services.key_users) - {"root"}:
        return
    if not services.cloud_init:
        yield Seen("", "no user but root has an SSH key, and there is no cloud-init to make one")
    elif services.datasources and EC2 not in services.datasources:
        looked = ", ".join(services.datasources)
        yield Seen("", f"no user but root has an SSH key, and cloud-init asks {looked}, not {EC2}")


RULE = Rule(
    name="key_user",
    section="11-L Linux preparation",
    severity=Severity.INFORMS,
    remedy="Add a user with an authorized key; import makes no ec2-user",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""AWS imports no encrypted volumes; a data volume matters to nobody else.

Source: aws-behaviour.md, 11-H, line 430.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

KINDS: Final = ("crypto_LUKS", "BitLocker")


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield every encrypted volume."""
    for partition in facts.partitions:
        if partition.filesystem in KINDS:
            where = partition.volume or f"disk {partition.disk}, partition {partition.number}"
            yield Seen(where, partition.filesystem, "a volume without encryption")


RULE = Rule(
    name="encrypted_volume",
    section="11-H General limits",
    severity=Severity.BLOCKS,
    stage=Stage.VOLUMES,
    concerns=(Service.AWS,),
    aws_text="ClientError: Encrypted volumes are not supported",
    remedy="Decrypt it in the machine, and encrypt the import with --encrypted",
    guest=check,
)

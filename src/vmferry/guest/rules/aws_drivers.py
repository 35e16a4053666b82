# SPDX-License-Identifier: Apache-2.0
"""Instances of Nitro need the drivers of NVMe and ENA.

Source: aws-behaviour.md, 11-A, line 142, and 11-I, line 450.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.guest.rules._default import default_kernel
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield the drivers that the default kernel does not have."""
    missing = [name for name, has in (("nvme", facts.nvme), ("ena", facts.ena)) if not has]
    if missing:
        kernel = default_kernel(facts).release
        yield Seen("", f"the kernel {kernel} has no driver {' and '.join(missing)}")


RULE = Rule(
    name="aws_drivers",
    section="11-I Linux limits",
    severity=Severity.WARNS,
    stage=Stage.START,
    concerns=(Service.AWS,),
    remedy="Choose a type of instance on Xen, or install a kernel with the drivers",
    guest=check,
)

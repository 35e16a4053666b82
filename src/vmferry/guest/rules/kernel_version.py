# SPDX-License-Identifier: Apache-2.0
"""AWS imports a system with the kernels that its table has for it.

Source: aws-behaviour.md, 11-E, lines 272 to 342, 11-I, line 448, and 11-Z, line 2787.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.guest.rules._default import default_kernel
from vmferry.guest.rules._linux import rows_of
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts


def check(facts: GuestFacts, _subject: Subject) -> Iterator[Seen]:
    """Yield a default kernel that is not in the table; other systems have a rule of their own."""
    rows = rows_of(facts.distribution, facts.version)
    release = default_kernel(facts).release
    if not rows or any(row.has_kernel(release) for row in rows):
        return
    expected = sorted({kernel for row in rows for kernel in row.kernels})
    yield Seen(
        "default kernel",
        release,
        " or ".join(expected),
        aws_text=f"ClientError: Unsupported kernel version {release}",
    )


RULE = Rule(
    name="kernel_version",
    section="11-E Operating systems",
    severity=Severity.BLOCKS,
    stage=Stage.KERNEL,
    concerns=(Service.AWS,),
    remedy="Install a kernel of the distribution's own and make it the default",
    guest=check,
)

# SPDX-License-Identifier: Apache-2.0
"""AWS imports Linux with its own licence only, and for an operation of Linux.

We bill nothing and bring no licence, and the guide's own commands say ``AWS`` of any machine: that
is worth a word. An operation of another system is kept as it is asked for, and says what is not so.

Source: aws-behaviour.md, 11-P, lines 795, 813 and 874 to 888.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.rules import Rule, Seen, Stage
from vmferry.model.finding import Service, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.rules import Subject
    from vmferry.model.guest import GuestFacts

OPERATIONS: Final = (
    *("", "RunInstances", "RunInstances:0100", "RunInstances:0004", "RunInstances:0200"),
    # RHEL and SUSE Linux of AWS: not of the guide's table, but of EC2's.
    *("RunInstances:0010", "RunInstances:000g"),
)


def check(_facts: GuestFacts, subject: Subject) -> Iterator[Seen]:
    """Yield a licence or an operation that is not for Linux."""
    request = subject.request
    if request.license_type.upper() == "AWS":
        yield Seen("license type", "AWS", "BYOL for Linux")
        yield _ours("license type", "AWS, but vmferry brings no licence", "", Severity.INFORMS)
    if request.usage_operation not in OPERATIONS:
        yield Seen("usage operation", request.usage_operation, "one of Linux")
        yield _ours("usage operation", request.usage_operation, "one of Linux", Severity.WARNS)


def _ours(where: str, found: str, expected: str, severity: Severity) -> Seen:
    return Seen(where, found, expected, aws_text="", severity=severity, concerns=(Service.VMFERRY,))


RULE = Rule(
    name="license",
    section="11-P Licensing",
    severity=Severity.BLOCKS,
    stage=Stage.SYSTEM,
    concerns=(Service.AWS,),
    aws_text="ClientError: The license type specified is not supported for the operating system",
    remedy="Leave --license-type and --usage-operation out",
    guest=check,
)

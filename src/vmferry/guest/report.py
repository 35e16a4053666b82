# SPDX-License-Identifier: Apache-2.0
"""The check of a machine: look at it, ask every rule, and say what each service does with it.

There is always a report: what ends the look (a damaged file system, two systems, no kernel) is a
finding that blocks, with AWS's text for it. Only a source that cannot be read has none.

Source: aws-behaviour.md, 11 (every rule of the guide) and 2.3 (the texts).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Self

from vmferry.errors import FormatError, GuestError
from vmferry.guest.inspection import Child, inspect
from vmferry.guest.metering import Meter
from vmferry.guest.rules import Subject, SubjectDisk, all_rules
from vmferry.model.finding import Finding, Report, Service, Severity, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmferry.model.disk import Disk
    from vmferry.model.guest import GuestFacts

CAUSES: Final = {
    "ClientError: The number of disks exceeds the limit of 21.": (
        "disk_count",
        "11-H General limits",
    ),
    "ClientError: No valid partitions. Not a valid volume.": ("no_partitions", "11-G Volumes"),
    "ClientError: Unknown OS / Missing OS files.": ("unknown_system", "11-E Operating systems"),
    "ClientError: Unable to determine kernel version.": ("no_kernel", "11-E Operating systems"),
    "ClientError: Unsupported configuration - Multiple directories found": (
        "several_systems",
        "11-H General limits",
    ),
    "ClientError: Unsupported configuration - Logical volume group activation failed": (
        "volume_group",
        "11-Z Troubleshooting",
    ),
}
"""What the look refuses by AWS's text: the finding's id and the guide's section."""

OF_FORMAT: Final = ("disk_damaged", "11-D Image formats")
OF_LOOK: Final = ("inspection", "11-E Operating systems")

_ORDER: Final = tuple(Severity)


class Check:
    """One check, from its first read: it measures what is read and how long that takes.

    Args:
        patience_s: Seconds in which it must be done reading; then a read raises ``SourceError``.
    """

    def __init__(self, patience_s: float = math.inf) -> None:
        self.meter = Meter(patience_s)
        self._child: Child | None = None

    def __enter__(self) -> Self:
        """Start the look's process, so that it loads while the disks are found and opened."""
        self._child = Child()
        return self

    def __exit__(self, *_: object) -> None:
        """End that process if it was not needed."""
        if self._child is not None:
            self._child.__exit__()

    def look(self, subject: Subject, disks: Sequence[Disk]) -> Report:
        """Return what ``disks`` are and what is wrong with them.

        Args:
            subject: What the rules are asked about.
            disks: The same disks, opened; the boot disk first.

        Raises:
            SourceError: The object cannot be read.
        """
        facts: GuestFacts | None = None
        refused: list[Finding] = []
        try:
            facts = inspect(disks, self._child)
        except (GuestError, FormatError) as error:
            refused.append(refusal_of(error))
        # What can be told of the disks is the better cause: a 22nd disk before an empty first one.
        of_disks = [each for rule in all_rules() for each in rule.findings(subject, None)]
        of_guest = [
            each for rule in all_rules() if rule.guest for each in rule.findings(subject, facts)
        ]
        return self._report(facts, of_disks + refused + of_guest)

    def refuse(self, error: GuestError | FormatError) -> Report:
        """Return the report of a machine whose disks cannot even be opened."""
        return self._report(None, [refusal_of(error)])

    def _report(self, facts: GuestFacts | None, findings: Iterable[Finding]) -> Report:
        # A stable sort: of the same severity, what an import comes upon first is first.
        ordered = tuple(sorted(findings, key=lambda each: _ORDER.index(each.severity)))
        return Report(
            verdict=verdict(ordered),
            guest=facts,
            findings=ordered,
            bytes_read=self.meter.bytes_read,
            bytes_total=self.meter.bytes_total,
            seconds=round(self.meter.seconds, 3),
        )


def refusal_of(error: GuestError | FormatError) -> Finding:
    """Return the finding of what ended a look."""
    otherwise = OF_FORMAT if isinstance(error, FormatError) else OF_LOOK
    name, section = CAUSES.get(error.aws_text, otherwise)
    return Finding(
        id=name,
        severity=Severity.BLOCKS,
        section=section,
        aws_text=error.aws_text,
        where="",
        found=error.message,
        expected="",
        remedy=error.hint,
    )


def cause(report: Report, policy: str) -> GuestError | None:
    """Return why the machine is refused, ``None`` if it is not.

    Args:
        report: Of the machine.
        policy: ``guest.support_policy``. On AWS's terms (``aws``) what AWS refuses is refused too.
    """
    services = tuple(Service) if policy == "aws" else (Service.VMFERRY,)
    for each in report.findings:
        if each.severity is Severity.BLOCKS and set(services) & set(each.concerns):
            return GuestError(each.message, hint=each.remedy, aws_text=each.aws_text)
    return None


def described(label: str, format_name: str, disk: Disk) -> SubjectDisk:
    """Return what rules see of an open disk."""
    return SubjectDisk(
        label=label,
        format=format_name,
        size=disk.size,
        create_type=getattr(disk, "create_type", ""),
        warnings=tuple(getattr(disk, "warnings", ())),
    )

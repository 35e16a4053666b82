# SPDX-License-Identifier: Apache-2.0
"""What a check of a machine found: findings, verdicts, and the report that carries both.

The report's JSON is a documented, versioned schema (docs/report-schema/1.json): programs read it,
so a field keeps its name and meaning, and ``version`` grows when one has to go.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from vmferry.model.guest import GuestFacts

VERSION: Final = 1
"""Of the report's schema."""


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    BLOCKS = "blocks"
    WARNS = "warns"
    INFORMS = "informs"


class Service(StrEnum):
    """Whose import a finding is about."""

    VMFERRY = "vmferry"
    AWS = "aws"


BOTH: Final = (Service.VMFERRY, Service.AWS)


class Answer(StrEnum):
    """What a service does with the machine."""

    ACCEPT = "accept"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that matters for the import.

    Attributes:
        id: The rule's name.
        severity: How much it matters to the services in ``concerns``.
        section: Of the guide, with the key of aws-behaviour.md, such as ``11-H General limits``.
        aws_text: AWS's text for it, ``""`` where AWS is silent.
        where: The disk, file or setting, ``""`` when ``found`` is a whole sentence.
        found: What is there.
        expected: What should be, ``""`` when ``found`` says it.
        remedy: What to do about it.
        concerns: Whose import it is about.
    """

    id: str
    severity: Severity
    section: str
    aws_text: str
    where: str
    found: str
    expected: str
    remedy: str
    concerns: tuple[Service, ...] = BOTH

    @property
    def message(self) -> str:
        """What, where, found, expected in one sentence, as errors have it."""
        message = f"{self.where}: found {self.found}" if self.where else self.found
        return f"{message}, expected {self.expected}" if self.expected else message


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What each service does with the machine."""

    vmferry: Answer
    aws: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a check of a machine found.

    Attributes:
        verdict: What each service does with it.
        guest: What is on its disks, ``None`` when no guest could be made out.
        findings: Those that block first.
        bytes_read: Of the source, measured.
        bytes_total: Of the source.
        seconds: That the check took.
        version: Of the schema.
    """

    verdict: Verdict
    guest: GuestFacts | None
    findings: tuple[Finding, ...]
    bytes_read: int
    bytes_total: int
    seconds: float
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """Return what the schema describes."""
        shown = asdict(self)
        return {"version": shown.pop("version"), **shown}


def verdict(findings: tuple[Finding, ...]) -> Verdict:
    """Return what findings mean: one that blocks refuses, one that warns warns."""
    return Verdict(**{service.value: _answer(findings, service) for service in Service})


def _answer(findings: tuple[Finding, ...], service: Service) -> Answer:
    severities = {each.severity for each in findings if service in each.concerns}
    if Severity.BLOCKS in severities:
        return Answer.REFUSE
    return Answer.WARN if Severity.WARNS in severities else Answer.ACCEPT

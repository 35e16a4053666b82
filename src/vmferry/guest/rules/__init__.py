# SPDX-License-Identifier: Apache-2.0
"""Rules of the guide. A module here exports ``RULE``: one line of aws-behaviour.md, 11.

A rule is a pure function from what was seen to what is wrong with it: no bytes, no clock, no
settings but those of the subject. Rules of disks and requests are asked even when no guest could be
made out; rules of guests are asked about its facts. Windows has rules of its own kind of facts:
a rule of Linux guests does not begin with ``windows_`` and is not asked about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.model.finding import BOTH, Finding, Service, Severity
from vmferry.model.guest import Platform
from vmferry.plugins import find
from vmferry.units import MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vmferry.model.guest import GuestFacts
    from vmferry.model.machine import Machine

MOST: Final = 20
"""Findings of one rule: an fstab can have 10^5 lines, and nobody reads that many."""

LONGEST: Final = 400
"""Characters of what was found: it is the guest's text, and a report is read by people."""


class Stage(IntEnum):
    """When an import comes upon it: of several causes the earliest is the one that is answered.

    The kernel that starts is known from the menu, and both only once the system is known.
    """

    DISKS = 1
    VOLUMES = 2
    SYSTEM = 3
    MENU = 4
    KERNEL = 5
    START = 6
    FILES = 7
    REACH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDisk:
    """A disk as its format describes it.

    Attributes:
        label: How messages call it.
        format: As in ``formats/``; ``snapshot`` for one that is in the service already.
        size: Virtual bytes.
        create_type: Of a VMDK, such as ``streamOptimized``.
        warnings: What its reader noticed and did not refuse.
    """

    label: str
    format: str
    size: int
    create_type: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the caller asked for; ``""`` where nothing was said.

    Attributes:
        architecture: ``x86_64`` or ``i386``.
        boot_mode: ``legacy-bios`` or ``uefi``.
        platform: ``Linux`` or ``Windows`` in any case.
        license_type: ``AWS`` or ``BYOL``.
        usage_operation: ``RunInstances:0002``, ….
    """

    architecture: str = ""
    boot_mode: str = ""
    platform: str = ""
    license_type: str = ""
    usage_operation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked.

    Attributes:
        disks: The boot disk first.
        machine: What an appliance says, ``None`` for bare disks.
        request: What the caller asked for.
        max_disk: The largest disk that vmferry takes, in bytes (``guest.max_disk``).
        low_space: Of the root, in bytes, below which a check warns (``guest.low_space``).
        no_space: Below which AWS refuses (``guest.no_space``).
    """

    disks: tuple[SubjectDisk, ...]
    machine: Machine | None = None
    request: Request = Request()
    max_disk: int = 8 * TIB
    low_space: int = 64 * MIB
    no_space: int = MIB


class Seen(NamedTuple):
    """One place where a rule is broken; what is ``None`` is as the rule has it."""

    where: str
    found: str
    expected: str = ""
    remedy: str | None = None
    aws_text: str | None = None
    severity: Severity | None = None
    concerns: tuple[Service, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; it has one of ``machine`` and ``guest``.

    Attributes:
        name: The module's name, and the ``id`` of its findings.
        section: Of the guide, with the key of aws-behaviour.md.
        severity: Of its findings, unless they say otherwise.
        stage: When an import comes upon it.
        concerns: Whose import they are about.
        aws_text: AWS's text, ``""`` where AWS is silent.
        remedy: What to do.
        machine: Asked about disks, appliance and request.
        guest: Asked about the facts of a guest, and the rest.
    """

    name: str
    section: str
    severity: Severity
    stage: Stage = Stage.REACH
    concerns: tuple[Service, ...] = BOTH
    aws_text: str = ""
    remedy: str = ""
    machine: Callable[[Subject], Iterable[Seen]] | None = None
    guest: Callable[[GuestFacts, Subject], Iterable[Seen]] | None = None

    def findings(self, subject: Subject, facts: GuestFacts | None) -> Iterator[Finding]:
        """Yield what is wrong, ``MOST`` places at most."""
        if self.machine is not None:
            yield from map(self._finding, islice(self.machine(subject), MOST))
        if self.guest is not None and facts is not None and self._asked(facts):
            yield from map(self._finding, islice(self.guest(facts, subject), MOST))

    def _asked(self, facts: GuestFacts) -> bool:
        return (facts.platform is Platform.WINDOWS) == self.name.startswith("windows_")

    def _finding(self, seen: Seen) -> Finding:
        return Finding(
            id=self.name,
            severity=seen.severity or self.severity,
            section=self.section,
            aws_text=_short(self.aws_text if seen.aws_text is None else seen.aws_text),
            where=_short(seen.where),
            found=_short(seen.found),
            expected=_short(seen.expected),
            remedy=self.remedy if seen.remedy is None else seen.remedy,
            concerns=self.concerns if seen.concerns is None else seen.concerns,
        )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their stages and names."""
    from vmferry.guest import rules

    return tuple(sorted(find(rules, "RULE", Rule).values(), key=lambda rule: rule.stage))

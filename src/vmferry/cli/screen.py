# SPDX-License-Identifier: Apache-2.0
"""A report as a person reads it: one screen, what matters first, no line wider than the terminal.

The first column says what a line is about, so the eye finds ``blocks`` and ``warns``; what
belongs to them is indented below. Words of the guest were chosen by others: they may not steer
the terminal.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmferry.model.finding import Finding, Report
    from vmferry.model.fixup import Plan
    from vmferry.model.guest import GuestFacts

MOST: Final = {"blocks": 5, "warns": 5, "informs": 4}
"""Findings of one severity that are shown; the JSON has all."""

COLUMN: Final = 10
NARROWEST: Final = 40
WIDEST: Final = 120
OWNERS: Final = {"vmferry": " to vmferry", "aws": " to AWS"}


def lines(report: Report, width: int) -> Iterator[str]:
    """Yield the lines of the screen.

    Args:
        report: Of a machine.
        width: Columns of the terminal; at more than ``WIDEST`` nobody reads.
    """
    width = max(NARROWEST, min(width, WIDEST))
    for name, text in _rows(report):
        yield from _wrapped(name, text, width)


def plan_lines(plans: Iterable[Plan], width: int) -> Iterator[str]:
    """Yield what plans change and why, and below that the differences, which are not wrapped."""
    from vmferry.guest.difference import difference

    width = max(NARROWEST, min(width, WIDEST))
    for plan in plans:
        if not plan.edits:
            yield from _wrapped("plan", "nothing is changed", width)
        for edit in plan.edits:
            for reason in edit.reasons:
                yield from _wrapped("plan", f"{edit.path}, {reason.fixup}: {reason.why}", width)
        for note in plan.notes:
            yield from _wrapped("note", note, width)
        for edit in plan.edits:
            yield ""
            yield from map(_harmless, difference(edit).splitlines())


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    yield "vmferry", str(report.verdict.vmferry)
    yield "aws", str(report.verdict.aws)
    if report.guest is not None:
        yield from _guest(report.guest)
    share = report.bytes_read / max(report.bytes_total, 1)
    of = f"{human(report.bytes_read)} of {human(report.bytes_total)}"
    yield "read", f"{of} ({share:.2%}) in {report.seconds:.2f} s"
    findings = list(_once(report.findings))
    for severity, most in MOST.items():
        found = [each for each in findings if each.severity == severity]
        for number, each in enumerate(found[:most]):
            yield severity, _sentence(each)
            behind = found[number + 1] if number + 1 < min(most, len(found)) else None
            # What mends several of a rule is said behind the last.
            if severity != "informs" and (behind is None or behind.remedy != each.remedy):
                yield from _advice(each)
        if len(found) > most:
            yield severity, f"{len(found) - most} more, see --output json"


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, but none that says again what a graver one has said."""
    said: set[tuple[str, str]] = set()
    for each in findings:
        if (each.id, each.message) not in said:
            said.add((each.id, each.message))
            yield each


def _guest(facts: GuestFacts) -> Iterator[tuple[str, str]]:
    words = [facts.pretty_name or facts.distribution, facts.architecture, facts.hostname]
    yield "guest", ", ".join(word for word in words if word)
    if facts.kernels:
        others = len(facts.kernels) - 1
        yield "kernel", facts.kernels[0].release + (f" and {others} more" if others else "")
    yield "boots", " or ".join(facts.boot_modes) or "in no mode"
    root = facts.partitions[facts.root]
    place = f"volume {root.volume}" if root.volume else f"disk {root.disk}"
    free = f" ({human(facts.free)} free)" if facts.free is not None else ""
    yield (
        "root",
        f"{root.filesystem} of {human(root.size)}{free} on {place}, {facts.partition_table}",
    )


def _sentence(found: Finding) -> str:
    owner = OWNERS[found.concerns[0]] if len(found.concerns) == 1 else ""
    return f"{found.id}{owner}, {found.section.split(' ')[0]}: {found.message}"


def _advice(found: Finding) -> Iterator[tuple[str, str]]:
    if found.aws_text:
        yield "", f"AWS says {found.aws_text}"
    if found.remedy:
        yield "", found.remedy


def _wrapped(name: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        _harmless(text),
        width,
        initial_indent=name.ljust(COLUMN),
        subsequent_indent=" " * COLUMN,
        break_on_hyphens=False,
    )


def _harmless(text: str) -> str:
    return "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )

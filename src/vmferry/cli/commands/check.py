# SPDX-License-Identifier: Apache-2.0
"""``vmferry check``: whether a machine can be imported, and why not; needs no service.

The machine is not started and not copied: a few MiB of it are read. The report of ``--output json``
is the one that a task keeps (docs/report-schema/1.json).
"""

from __future__ import annotations

import json
import shutil
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from vmferry.cli import screen, sources
from vmferry.cli.commands import Command
from vmferry.cli.options import Output, OutputOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vmferry.guest import Subject
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk
    from vmferry.model.finding import Report
    from vmferry.model.fixup import Plan

    Also: TypeAlias = Callable[[Subject, Sequence[Disk]], None]

STATUS: Final = {"accept": 0, "warn": 1, "refuse": 2}
"""What the program ends with; an error of ours ends it as a refusal does."""

_OVA: Final = "ova"


class Service(StrEnum):
    """Whose verdict is the program's status."""

    AWS = "aws"
    VMFERRY = "vmferry"


def run(
    source: Annotated[str, typer.Argument(metavar=sources.METAVAR, help=sources.HELP)],
    service: Annotated[
        Service, typer.Option("--for", help="Whose verdict is the exit status.")
    ] = Service.VMFERRY,
    output: OutputOption = Output.TABLE,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what an import would change in the guest.")
    ] = False,
    fixups: Annotated[
        str, typer.Option(help="Of the plan: all, none, names, -name to leave one out.")
    ] = "all",
) -> None:
    """Say whether a machine can be imported; status 0 yes, 1 with warnings, 2 no."""
    plans: list[Plan] = []
    report = examine(source, _planner(fixups, plans) if plan else None)
    if output is Output.JSON:
        typer.echo(json.dumps(_document(report, plans), indent=2))
    else:
        width = shutil.get_terminal_size().columns
        for line in (*screen.lines(report, width), *screen.plan_lines(plans, width)):
            typer.echo(line)
    raise typer.Exit(STATUS[getattr(report.verdict, service)])


def examine(source: str, also: Also | None = None) -> Report:
    """Return the report of a machine.

    Args:
        source: What a person names.
        also: Is given the machine and its open disks, if a guest is on them.

    Raises:
        SourceError: It cannot be read at all.
        SetupError: No S3 is configured.
    """
    from vmferry.guest import Check

    with Check() as check:
        from vmferry import config, formats, stores
        from vmferry.errors import FormatError, GuestError

        most = config.Guest().max_disk
        file = check.meter.measured(stores.open_source(*sources.resolve(source)))
        try:
            name = formats.detect(file)
            subject, disks = (_appliance if name == _OVA else _bare)(file, name, most)
        except (FormatError, GuestError) as error:
            return check.refuse(error)
        report = check.look(subject, disks)
        if also is not None and report.guest is not None:
            also(subject, disks)
        return report


def _planner(fixups: str, plans: list[Plan]) -> Also:
    """Return what adds a machine's plan to ``plans``. Raises ``SetupError``: a name is unknown."""
    from vmferry.config import words
    from vmferry.guest import inspection
    from vmferry.guest.fixups import chosen
    from vmferry.model.fixup import Choices

    names = chosen(words(fixups))

    def add(subject: Subject, disks: Sequence[Disk]) -> None:
        cards = subject.machine.cards if subject.machine else ()
        choices = Choices(fixups=names, macs=tuple(card.mac for card in cards))
        plans.append(inspection.plan(disks, choices))

    return add


def _document(report: Report, plans: list[Plan]) -> dict[str, Any]:
    if not plans:
        return report.to_json()
    from vmferry.guest.difference import shown

    return {**report.to_json(), "plan": shown(plans[0])}


def _bare(file: ByteSource, name: str, most: int) -> tuple[Subject, list[Disk]]:
    from vmferry import formats
    from vmferry.guest import Subject, described

    disk = formats.open_disk(file, name)
    return Subject(disks=(described(file.name, name, disk),), max_disk=most), [disk]


def _appliance(file: ByteSource, _: str, most: int) -> tuple[Subject, list[Disk]]:
    from vmferry import appliances, formats
    from vmferry.guest import Subject, described

    appliance = appliances.open_appliance(file)
    shown, disks = [], []
    for member in appliance.machine.disks:
        inside = appliance.disk_file(member)
        name = formats.detect(inside)
        disks.append(formats.open_disk(inside, name))
        shown.append(described(member.href or "empty disk", name, disks[-1]))
    return Subject(disks=tuple(shown), machine=appliance.machine, max_disk=most), disks


COMMAND = Command(name="check", run=run, example="vmferry check my-server-vm.ova", failed=2)

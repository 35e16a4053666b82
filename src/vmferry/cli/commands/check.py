# SPDX-License-Identifier: Apache-2.0
"""``vmferry check``: whether a machine can be imported, and why not; needs no service.

The machine is not started and not copied: a few MiB of it are read. The report of ``--output json``
is the one that a task keeps (docs/report-schema/1.json).
"""

from __future__ import annotations

import json
import shutil
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vmferry.cli import screen, sources
from vmferry.cli.commands import Command
from vmferry.cli.options import Output, OutputOption

if TYPE_CHECKING:
    from vmferry.guest import Subject
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk
    from vmferry.model.finding import Report

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
) -> None:
    """Say whether a machine can be imported; status 0 yes, 1 with warnings, 2 no."""
    report = examine(source)
    if output is Output.JSON:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        for line in screen.lines(report, shutil.get_terminal_size().columns):
            typer.echo(line)
    raise typer.Exit(STATUS[getattr(report.verdict, service)])


def examine(source: str) -> Report:
    """Return the report of a machine.

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
        return check.look(subject, disks)


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

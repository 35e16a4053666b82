# SPDX-License-Identifier: Apache-2.0
"""``vmferry convert``: a disk or an appliance into another format; needs no service."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vmferry.cli import sources
from vmferry.cli.artifacts import (
    OVA,
    Compression,
    CompressionOption,
    ForceOption,
    FormatOption,
    KindOption,
    tell,
    wanted_format,
)
from vmferry.cli.commands import Command
from vmferry.cli.options import JobsOption, Output, OutputOption
from vmferry.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.convert import Content, Converted, Target
    from vmferry.model.disk import DiskLocation
    from vmferry.stores import Access


def run(
    source: Annotated[str, typer.Argument(metavar=sources.METAVAR, help=sources.HELP)],
    target: Annotated[Path, typer.Argument(metavar="FILE", help="What is written.")],
    to: FormatOption = "",
    kind: KindOption = "",
    source_format: Annotated[str, typer.Option(help="What the source is declared to be.")] = "",
    disk: Annotated[
        int, typer.Option(min=0, help="Which disk of an appliance, from 1.", show_default="all")
    ] = 0,
    compression: CompressionOption = Compression.NORMAL,
    jobs: JobsOption = 0,
    force: ForceOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write a disk or an appliance in another format, on every core; zeros become holes."""
    from vmferry.convert import Target, locate, partial, verified
    from vmferry.formats import Effort

    began = time.monotonic()
    wanted = wanted_format("convert", to, str(target), kind)
    url, access = sources.resolve(source)
    content = locate(url, access, source_format)
    chosen = _choose(content, disk, wanted)
    promises = [each for each in content.promises if each[0] in chosen]
    with partial(target, replace=force) as path, verified(promises, access):
        place = Target(path=path, format=wanted, kind=kind, effort=Effort(compression))
        written = _convert(content, chosen, access, place, target.stem, jobs)
    tell(written, str(target), wanted, time.monotonic() - began, output)


def _choose(content: Content, disk: int, wanted: str) -> tuple[DiskLocation, ...]:
    """Return the disks that are converted."""
    count = len(content.disks)
    if disk > count or not count:
        raise FormatError("convert: disks of the source", found=count, expected=max(disk, 1))
    if disk:
        return content.disks[disk - 1 : disk]
    if count > 1 and wanted != OVA:
        names = ", ".join(f"{at} {each.label}" for at, each in enumerate(content.disks, 1))
        raise FormatError(
            f"convert: the appliance has {count} disks and {wanted} holds one",
            found=names,
            hint="Name one with --disk, or convert to ova",
        )
    return content.disks


def _convert(
    content: Content,
    chosen: Sequence[DiskLocation],
    access: Access,
    target: Target,
    name: str,
    jobs: int,
) -> Converted:
    from vmferry.cli.progress import Bar
    from vmferry.convert import convert_disk

    with Bar("converting") as bar:
        if target.format != OVA:
            return convert_disk(chosen[0], access, target, jobs=jobs, show=bar.show)
        from vmferry.convert.appliance import convert_appliance
        from vmferry.model.machine import Machine, NetworkCard

        machine = content.machine or Machine(name=name, cards=(NetworkCard(),))
        return convert_appliance(
            chosen, machine, access, target.path, effort=target.effort, jobs=jobs, show=bar.show
        )


COMMAND = Command(
    name="convert", run=run, example="vmferry convert my-server-vm.ova my-server-vm.vhdx"
)

# SPDX-License-Identifier: Apache-2.0
"""``vmferry convert``: a disk or an appliance into another format; needs no service."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from vmferry.cli import sources
from vmferry.cli.commands import Command
from vmferry.cli.options import JobsOption, Output, OutputOption
from vmferry.errors import FormatError
from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.convert import Content, Converted, Target
    from vmferry.model.disk import DiskLocation
    from vmferry.stores import Access

SUFFIXES: Final = {"img": "raw", "bin": "raw", "dd": "raw", "vpc": "vhd"}
"""Names of files that say a format in another word."""

_OVA: Final = "ova"


class Compression(StrEnum):
    """How hard a VMDK is deflated; other formats have nothing to try."""

    FAST = "fast"
    NORMAL = "normal"
    BEST = "best"


def run(
    source: Annotated[str, typer.Argument(metavar=sources.METAVAR, help=sources.HELP)],
    target: Annotated[Path, typer.Argument(metavar="FILE", help="What is written.")],
    to: Annotated[
        str,
        typer.Option(
            "--format",
            help="raw, vmdk, vhd, vhdx or ova; the file's suffix says it otherwise.",
            show_default=False,
        ),
    ] = "",
    kind: Annotated[
        str,
        typer.Option(help="Of a VHD: dynamic or fixed (for Azure).", show_default="dynamic"),
    ] = "",
    source_format: Annotated[str, typer.Option(help="What the source is declared to be.")] = "",
    disk: Annotated[
        int, typer.Option(min=0, help="Which disk of an appliance, from 1.", show_default="all")
    ] = 0,
    compression: Annotated[
        Compression, typer.Option(help="How small a VMDK becomes, and how slowly.")
    ] = Compression.NORMAL,
    jobs: JobsOption = 0,
    force: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write a disk or an appliance in another format, on every core; zeros become holes."""
    from vmferry.convert import Target, locate, partial, verified
    from vmferry.formats import Effort

    began = time.monotonic()
    wanted = _wanted(to, target, kind)
    url, access = sources.resolve(source)
    content = locate(url, access, source_format)
    chosen = _choose(content, disk, wanted)
    promises = [each for each in content.promises if each[0] in chosen]
    with partial(target, replace=force) as path, verified(promises, access):
        place = Target(path=path, format=wanted, kind=kind, effort=Effort(compression))
        written = _convert(content, chosen, access, place, target.stem, jobs)
    _tell(written, target, wanted, time.monotonic() - began, output)


def _wanted(named: str, target: Path, kind: str) -> str:
    """Return the format to write."""
    from vmferry.formats import all_formats

    suffix = target.suffix[1:].lower()
    wanted = (named or SUFFIXES.get(suffix, suffix)).lower()
    known = {name: each.writers for name, each in all_formats().items() if each.writers}
    if wanted != _OVA and wanted not in known:
        raise FormatError(
            f"convert: format to write, {'as named' if named else f'by the name of {target}'}",
            found=repr(wanted),
            expected=" or ".join((*sorted(known), _OVA)),
            hint="Name it with --format",
        )
    if kind and kind not in known.get(wanted, {}):
        raise FormatError(
            f"convert: kind of {wanted}",
            found=repr(kind),
            expected=" or ".join(known.get(wanted, {})) or "none",
        )
    return wanted


def _choose(content: Content, disk: int, wanted: str) -> tuple[DiskLocation, ...]:
    """Return the disks that are converted."""
    count = len(content.disks)
    if disk > count or not count:
        raise FormatError("convert: disks of the source", found=count, expected=max(disk, 1))
    if disk:
        return content.disks[disk - 1 : disk]
    if count > 1 and wanted != _OVA:
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
        if target.format != _OVA:
            return convert_disk(chosen[0], access, target, jobs=jobs, show=bar.show)
        from vmferry.convert.appliance import convert_appliance
        from vmferry.model.machine import Machine, NetworkCard

        machine = content.machine or Machine(name=name, cards=(NetworkCard(),))
        return convert_appliance(
            chosen, machine, access, target.path, effort=target.effort, jobs=jobs, show=bar.show
        )


def _tell(written: Converted, target: Path, wanted: str, seconds: float, output: Output) -> None:
    if output is Output.JSON:
        found = {
            "target": str(target),
            "format": wanted,
            "file_size": written.size,
            "virtual_size": written.virtual_size,
            "data": written.data,
            "seconds": round(seconds, 3),
        }
        typer.echo(json.dumps(found, indent=2))
        return
    rate = human(int(written.data / max(seconds, 1e-3)))
    typer.echo(
        f"{target}: {wanted}, {human(written.size)}; a disk of {human(written.virtual_size)} with "
        f"{human(written.data)} of data in {seconds:.1f} s ({rate}/s)"
    )


COMMAND = Command(
    name="convert", run=run, example="vmferry convert my-server-vm.ova my-server-vm.vhdx"
)

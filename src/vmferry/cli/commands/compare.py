# SPDX-License-Identifier: Apache-2.0
"""``vmferry compare``: whether two disks hold the same bytes, whatever their formats."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from vmferry.cli import sources
from vmferry.cli.commands import Command
from vmferry.cli.options import JobsOption, Output, OutputOption
from vmferry.errors import FormatError
from vmferry.units import human

if TYPE_CHECKING:
    from vmferry.convert import Content, Difference

DIFFERENT = 1
FAILED = 2


def run(
    one: Annotated[str, typer.Argument(metavar=sources.METAVAR, help=sources.HELP)],
    other: Annotated[str, typer.Argument(metavar=sources.METAVAR, help="The other one.")],
    jobs: JobsOption = 0,
    output: OutputOption = Output.TABLE,
) -> None:
    """Compare disk by disk, zeros behind an end included; status 0 equal, 1 different, 2 failed."""
    from vmferry.cli.progress import Bar
    from vmferry.convert import compare_disks, locate

    began = time.monotonic()
    places = [sources.resolve(word) for word in (one, other)]
    contents = [locate(*place) for place in places]
    _check_counts(*contents)
    found = []
    for pair in zip(contents[0].disks, contents[1].disks, strict=True):
        with Bar("comparing") as bar:
            access = (places[0][1], places[1][1])
            found.append(compare_disks(*pair, access, jobs=jobs, show=bar.show))
    _tell(found, time.monotonic() - began, output)
    if any(each.first is not None for each in found):
        raise typer.Exit(DIFFERENT)


def _check_counts(one: Content, other: Content) -> None:
    counts = len(one.disks), len(other.disks)
    if counts[0] != counts[1]:
        raise FormatError(
            "compare: disks", found=f"{counts[0]} and {counts[1]}", expected="as many in both"
        )


def _tell(found: list[Difference], seconds: float, output: Output) -> None:
    if output is Output.JSON:
        disks = [
            {"identical": each.first is None, "first_difference": each.first, "sizes": each.sizes}
            for each in found
        ]
        typer.echo(json.dumps({"disks": disks, "seconds": round(seconds, 3)}, indent=2))
        return
    for number, each in enumerate(found, 1):
        label = f"disk {number}: " if len(found) > 1 else ""
        if each.first is not None:
            typer.echo(f"{label}different from byte {each.first}")
            continue
        longer = abs(each.sizes[0] - each.sizes[1])
        tail = f"; {human(longer)} of zeros end the longer one" if longer else ""
        typer.echo(f"{label}identical, {human(each.data)} of data compared{tail}")


COMMAND = Command(
    name="compare", run=run, example="vmferry compare disk.vmdk disk.raw", failed=FAILED
)

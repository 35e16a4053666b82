# SPDX-License-Identifier: Apache-2.0
"""``vmferry image``: what EC2 has no action for; works on a state directory.

The service may run meanwhile.

``undo`` gives the image as it was before the fix-ups of its import.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from vmferry.cli.commands import Command
from vmferry.cli.options import Output, OutputOption, StateDirOption


class Verb(StrEnum):
    """What is done."""

    UNDO = "undo"


def run(
    verb: Annotated[Verb, typer.Argument(help="undo: make an image without the fix-ups.")],
    image: Annotated[str, typer.Argument(metavar="AMI", help="The image's id.")],
    state_dir: StateDirOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give the image as it was imported, before anything was changed in it; it is a new image."""
    from vmferry.cli.state import open_state
    from vmferry.jobs._undo import unmodified

    made = {Verb.UNDO: unmodified}[verb](open_state(state_dir), image)
    if output is Output.JSON:
        typer.echo(json.dumps({"ImageId": made.id, "Name": made.name}))
    else:
        typer.echo(f"{made.id}  {made.name}")


COMMAND = Command(name="image", run=run, example="vmferry image undo ami-0123456789abcdef0")

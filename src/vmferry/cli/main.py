# SPDX-License-Identifier: Apache-2.0
"""The program ``vmferry``: finds its commands, shows errors as one line and a hint."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated

import typer

from vmferry import __version__, plugins
from vmferry.cli import commands
from vmferry.cli.commands import Command
from vmferry.errors import VmferryError

if TYPE_CHECKING:
    from collections.abc import Callable


def build() -> typer.Typer:
    """Return the program with every command."""
    program = typer.Typer(
        name="vmferry",
        help="VM Import/Export as open-source software: the EC2 import/export API, run anywhere.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    program.callback()(_options)
    for command in plugins.find(commands, "COMMAND", Command).values():
        program.command(command.name, epilog=f"Example: {command.example}")(_reporting(command))
    return program


def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Take the options of the program itself; the callback has done all."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vmferry {__version__}")
        raise typer.Exit


def _reporting(command: Command) -> Callable[..., None]:
    """Return what runs a command and shows an error of ours as a line and a hint."""

    @functools.wraps(command.run)
    def run(*words: object, **options: object) -> None:
        try:
            command.run(*words, **options)
        except VmferryError as error:
            _show(error)
            raise typer.Exit(command.failed) from error

    return run


def _show(error: VmferryError) -> None:
    from rich.console import Console

    # Rich leaves colours out when standard error is no terminal or NO_COLOR is set.
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print("error: ", style="bold red", end="")
    console.print(error.message, markup=False)
    if error.hint:
        console.print(f"hint: {error.hint}", markup=False)


def main() -> None:
    """Run the program; an error of ours ends it without a stack trace."""
    build()()

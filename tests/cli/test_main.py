# SPDX-License-Identifier: Apache-2.0
"""The program: version, help, and errors as one line and a hint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmferry import __version__, plugins
from vmferry.cli import commands
from vmferry.cli.commands import Command

PROGRAM = Path(sys.executable).parent / "vmferry"


def _run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "120", "TERM": "dumb", **environ},
    )


def test_the_version_is_that_of_the_package() -> None:
    done = _run("--version")
    assert (done.returncode, done.stdout) == (0, f"vmferry {__version__}\n")


def test_help_lists_every_command() -> None:
    done = _run("--help")
    assert done.returncode == 0
    for name in plugins.find(commands, "COMMAND", Command):
        assert name in done.stdout


def test_without_a_command_it_helps() -> None:
    assert "Usage: vmferry" in _run().stdout


@pytest.mark.parametrize("name", plugins.find(commands, "COMMAND", Command))
def test_every_command_shows_an_example(name: str) -> None:
    done = _run(name, "--help")
    assert done.returncode == 0
    example = plugins.find(commands, "COMMAND", Command)[name].example
    assert f"Example: {example}" in " ".join(done.stdout.split())


def test_an_error_is_one_line_and_a_hint() -> None:
    done = _run("serve", "--state-dir", "/proc/[red]")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "error: state directory /proc/[red]: No such file or directory\n"
        "hint: Name another one with --state-dir\n"
    )


def test_an_unknown_option_is_named() -> None:
    done = _run("serve", "--colour", "red")
    assert done.returncode == 2
    assert "--colour" in done.stderr
    assert "Traceback" not in done.stderr

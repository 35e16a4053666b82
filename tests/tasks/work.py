# SPDX-License-Identifier: Apache-2.0
"""What the tests of tasks run in worker processes: importable by name, as steps must be."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from vmferry.errors import FormatError
from vmferry.tasks import check_cancelled

prepared = ""


def prepare(word: str) -> None:
    global prepared
    prepared = word


def say() -> str:
    return prepared


def note(folder: str, name: str) -> str:
    """Leave one line per call, so that a test sees how often a step was done."""
    with (Path(folder) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return name


def slow_note(folder: str, name: str, seconds: float) -> str:
    time.sleep(seconds)
    return note(folder, name)


def patient(work: str) -> None:
    """Work for a minute in small pieces, as a slice of a large disk does."""
    for _ in range(6000):
        check_cancelled(Path(work))
        time.sleep(0.01)


def refuse(text: str) -> None:
    raise FormatError("thing", where=7, found=text, expected="something else", aws_text="AWS says")


def blunder() -> None:
    raise KeyError("/a/secret/path")


def full() -> None:
    raise OSError("database or disk is full")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(folder: str) -> str:
    """Kill the worker at the first call and answer at the second."""
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def pid() -> int:
    return os.getpid()

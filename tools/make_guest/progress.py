# SPDX-License-Identifier: Apache-2.0
"""Steps with a clock: programs run into a log, and a line says every 2 s where they are.

Progress goes to stderr, so that stdout carries nothing but the path of what was made.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TICK_S: Final = 2.0
TAIL: Final = 4096


class StepError(Exception):
    """A program failed; the message has its last words."""


class Progress:
    """Prints what happens, with the time since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line with the elapsed seconds."""
        print(f"[{time.monotonic() - self._start:6.1f} s] {text}", file=sys.stderr, flush=True)

    def run(
        self, step: str, command: Sequence[str], log: Path, env: dict[str, str] | None = None
    ) -> None:
        """Run ``command``; its output goes to ``log``, whose last line is shown at every tick.

        Raises:
            StepError: The program is missing or failed.
        """
        self.say(step)
        with log.open("wb") as out:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env
                )
            except FileNotFoundError as error:
                raise StepError(
                    f"{step}: {command[0]} is not installed; run `make setup`"
                ) from error
            with process:
                self._watch(step, process, log)
        if process.returncode != 0:
            raise StepError(f"{step}: {command[0]} failed ({process.returncode}):\n{_tail(log)}")

    def _watch(self, step: str, process: subprocess.Popen[bytes], log: Path) -> None:
        try:
            while True:
                try:
                    process.wait(TICK_S)
                except subprocess.TimeoutExpired:
                    lines = _tail(log).splitlines()
                    self.say(f"{step}: {lines[-1][:100] if lines else '…'}")
                else:
                    return
        except BaseException:
            process.terminate()
            raise


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL))
        return file.read().decode(errors="replace").strip()

# SPDX-License-Identifier: Apache-2.0
"""Steps with a clock: programs run into a log, and a line says every 2 s where they are.

Progress goes to stderr, so that stdout carries nothing but the path of what was made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TICK_S: Final = 2.0
TAIL: Final = 4096

SYSTEM_PATH: Final = "/usr/sbin:/sbin"
"""Where Debian keeps sfdisk and mke2fs; a user's PATH does not have it."""


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
        self,
        step: str,
        command: Sequence[str],
        log: Path,
        *,
        stdin: Path = Path(os.devnull),
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Run ``command``; its output goes to ``log``, whose last line is shown at every tick.

        Args:
            step: What the user is told.
            command: The program and its arguments.
            log: Where its output goes.
            stdin: What it reads.
            settings: Added to its environment.

        Raises:
            StepError: The program is missing or failed.
        """
        self.say(step)
        path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:{SYSTEM_PATH}"
        env = os.environ | {"PATH": path} | dict(settings)
        with stdin.open("rb") as source, log.open("wb") as out:
            try:
                process = subprocess.Popen(command, stdin=source, stdout=out, stderr=out, env=env)
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

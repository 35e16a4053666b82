# SPDX-License-Identifier: Apache-2.0
"""Runs what is shown: the text that a reader sees is the text that bash gets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.demo.screen import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tools.demo.screen import Screen

TICK_S: Final = 0.2
PAUSE_S: Final = 1.0
"""Between two looks at a task; each is a start of the aws CLI."""

OVER: Final = ("completed", "deleted", "cancelled", "error")
"""States that a task does not leave; before ``deleted`` it is ``deleting`` for a moment."""

TAIL: Final = 400
"""Bytes of an output that are looked at for its last line."""


class DemoError(Exception):
    """The demo cannot go on; the message is all that the reader needs."""


class Stage(NamedTuple):
    """Where a task is, by the answer of its Describe action."""

    status: str
    progress: str
    message: str


class Shell:
    """Bash in one folder with one environment.

    Args:
        screen: Where commands and results are shown.
        folder: Where commands run; their output is kept in it while they do.
        environment: The whole environment of every command.
        still_there: Called all the time; raises ``DemoError`` when waiting is in vain.
    """

    def __init__(
        self,
        screen: Screen,
        folder: Path,
        environment: Mapping[str, str],
        still_there: Callable[[], None] = lambda: None,
    ) -> None:
        self.screen, self.folder = screen, folder
        self._environment, self._still_there = environment, still_there

    def run(self, text: str) -> str:
        """Show and run ``text``, show its result, and return what it printed.

        Raises:
            DemoError: It failed; the message has its last words.
        """
        self.screen.command(text)
        started, program = time.monotonic(), text.partition(" ")[0]
        said = self._execute(
            text, lambda last: f"{time.monotonic() - started:5.1f} s  {last or program}"
        )
        self.screen.result(said, time.monotonic() - started)
        return said

    def ask(self, text: str) -> Any:  # noqa: ANN401
        """``run`` a command that answers in JSON, and return that."""
        return json.loads(self.run(text))

    def follow(self, text: str, find: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Repeat a Describe command until its task is over; show its phases on the way.

        Args:
            text: The command.
            find: Takes the task, or its detail, out of the command's JSON.

        Returns:
            The task as it is at its end.

        Raises:
            DemoError: The task did not complete; the message has its ``StatusMessage``.
        """
        self.screen.command(text, "until it is completed")
        started, stage = time.monotonic(), Stage("active", "0", "pending")
        phases: list[str] = []

        def moving(_last: str = "") -> str:
            percent = int(stage.progress) if stage.progress.isdigit() else 0
            return f"{bar(percent)}  {stage.message}  {time.monotonic() - started:.1f} s"

        while True:
            task = find(json.loads(self._execute(text, moving)))
            stage = Stage(
                task["Status"], task.get("Progress", ""), task.get("StatusMessage", task["Status"])
            )
            if not phases or not phases[-1].startswith(stage.message):
                at = f" {stage.progress} %" if stage.progress else ""
                phases.append(f"{stage.message}{at}")
            if stage.status in OVER:
                break
            self._pause(moving)
        self.screen.result(" → ".join(phases))
        self.screen.result(json.dumps(task, indent=2), time.monotonic() - started)
        if stage.status != "completed":
            raise DemoError(f"the task ended as {stage.status}: {stage.message}")
        return task

    def _pause(self, moving: Callable[[], str]) -> None:
        until = time.monotonic() + PAUSE_S
        while time.monotonic() < until:
            self.screen.live(moving())
            self._still_there()
            time.sleep(TICK_S)

    def _execute(self, text: str, moving: Callable[[str], str]) -> str:
        out, err = self.folder / ".stdout", self.folder / ".stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                ["bash", "-c", text],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        try:
            while process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(TICK_S)
                self.screen.live(moving(_progress(out)))
                self._still_there()
        finally:
            end_group(process)
        said = out.read_bytes().decode(errors="replace")
        if process.returncode:
            words = _last_line(err) or _last_line(out) or f"status {process.returncode}"
            raise DemoError(f"{' '.join(text.split()[:3])}: {words}")
        # A terminal shows only what follows the last carriage return of a line.
        return "\n".join(line.rpartition("\r")[2] for line in said.rstrip().split("\n")).strip()


def end_group(process: subprocess.Popen[Any], patience_s: float = 15) -> None:
    """End a process that leads its own group, politely at first, and everything it started."""
    if process.poll() is not None:
        return
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return


def _progress(path: Path) -> str:
    """Return the last line of an output that rewrites its lines, as ``aws s3 cp`` does."""
    tail = _tail(path)
    return _last_line(path) if "\r" in tail else ""


def _last_line(path: Path) -> str:
    lines = _tail(path).replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return file.read().decode(errors="replace")

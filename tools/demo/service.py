# SPDX-License-Identifier: Apache-2.0
"""A fresh ``vmferry serve`` as a child, and the environment in which clients find it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.demo.shell import DemoError, end_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.demo.screen import Screen

BIN: Final = Path(sys.executable).parent
START_S: Final = 60
"""A start takes less than two seconds; a machine under full load gets more."""

END_S: Final = 15

SETTINGS: Final = ("AWS_", "VMFERRY_")
"""Prefixes of variables that would make clients or the service another one than the reader's."""


class RunningService:
    """One service and its output."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, log: Path) -> None:
        self._process, self._out, self._log = process, out, log

    def exports(self) -> dict[str, str]:
        """Return the variables that the service says to export; empty until it is ready."""
        lines = self._out.read_text().splitlines()
        words = (line.removeprefix("export ") for line in lines if line.startswith("export "))
        return dict(word.split("=", 1) for word in words)

    def check(self) -> None:
        """Say that the service runs.

        Raises:
            DemoError: It has ended; the message has its last words.
        """
        if self._process.poll() is not None:
            words = self._log.read_text(errors="replace").strip().splitlines() or ["no word"]
            raise DemoError(f"the service ended ({self._process.returncode}): {words[-1]}")


@contextmanager
def running(screen: Screen, folder: Path) -> Iterator[RunningService]:
    """Start the service on a free port with its state in ``folder``, and end it afterwards."""
    command = ["vmferry", "serve", "--state-dir", str(folder / "state"), "--listen", "127.0.0.1:0"]
    screen.command(" ".join(command))
    out, log = folder / "serve.out", folder / "serve.log"
    started = time.monotonic()
    with out.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            env=neutral(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        service = RunningService(process, out, log)
        # Asked by the last of the variables, so that none is missed.
        while "AWS_DEFAULT_REGION" not in service.exports():
            service.check()
            if time.monotonic() > started + START_S:
                raise DemoError(f"the service is not ready after {START_S} s; see {log}")
            screen.live(f"{time.monotonic() - started:5.1f} s  starting")
            time.sleep(0.05)
        screen.result(out.read_text(), time.monotonic() - started)
        yield service
    finally:
        screen.during("ending the service", lambda: _end(process))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # it ends its children itself, in its order
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    end_group(process)


def environment(service: RunningService) -> dict[str, str]:
    """Return the environment for commands: what the service says, and nothing of the reader's."""
    return {
        **neutral(),
        **service.exports(),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def neutral() -> dict[str, str]:
    """Return our environment without settings of AWS clients and of vmferry."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(SETTINGS)}
    return kept | {"PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}"}

# SPDX-License-Identifier: Apache-2.0
"""libguestfs writes guests' file systems: Linux's own drivers in an appliance, outside our kernel.

python3-guestfs is built for the distribution's interpreter, so the script ``_script.py`` runs there
as a child process; requests and answers are lines of JSON on its standard input and output.

Source: guestfs(3), guestfs-python(3).
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from vmferry.errors import GuestError, SetupError
from vmferry.guest.engines import Engine
from vmferry.processes import mortal
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vmferry.guest.engines import Drive, Mount
    from vmferry.model.fixup import Edit

PYTHON: Final = "/usr/bin/python3"
SCRIPT: Final = Path(__file__).with_name("_script.py")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTALL: Final = "apt-get install python3-guestfs linux-image-cloud-amd64"

TICK_S: Final = 0.5
MOST_S: Final = 600
"""For one request. Starting takes 20 s under emulation, edits a second or two; a journal of
gigabytes takes minutes."""

END_S: Final = 10
LONGEST_ANSWER: Final = MIB
LONGEST_COMPLAINT: Final = 400

DAMAGED: Final = "The file system is damaged: run fsck in the machine and export it again"
HINTS: Final = {
    "No space left on device": "The file system is full: free space in the machine",
    "Read-only file system": "The file system is read-only: it is damaged, run fsck in the machine",
}


@contextmanager
def start(
    drives: Sequence[Drive], emulate: bool, scratch: Path, tick: Callable[[], None]
) -> Iterator[_Session]:
    """Start an appliance with the drives; it is gone at the end, however that comes."""
    with tempfile.TemporaryFile(dir=scratch) as complaints:
        process = subprocess.Popen(
            mortal([PYTHON, "-I", str(SCRIPT)]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=_environment(emulate, scratch),
            cwd=scratch,
            start_new_session=True,
        )
        try:
            session = _Session(process, complaints, tick)
            session.ask("start", drives=[drive._asdict() for drive in drives])
            yield session
            session.ask("stop")
        finally:
            _end(process)


def _environment(emulate: bool, scratch: Path) -> dict[str, str]:
    """Return what libguestfs is told; its own settings of the caller's environment do not count."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PATH": PATH,
        "LIBGUESTFS_BACKEND": "direct",
        "LIBGUESTFS_TMPDIR": str(scratch),
        **({"LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"} if emulate else {}),
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the appliance and then the script, which cleans up behind it when its input is over."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Session:
    """Asks the script; see ``engines.Session``."""

    def __init__(
        self, process: subprocess.Popen[bytes], complaints: IO[bytes], tick: Callable[[], None]
    ) -> None:
        self._process = process
        self._complaints = complaints
        self._requests = cast("IO[bytes]", process.stdin)
        self._answers = cast("IO[bytes]", process.stdout)
        self._tick = tick

    def settle(self, mounts: Sequence[Mount]) -> None:
        """Mount and unmount."""
        self.ask("settle", mounts=[mount._asdict() for mount in mounts])

    def apply(self, mounts: Sequence[Mount], edits: Sequence[Edit]) -> None:
        """Do the edits."""
        self.ask(
            "apply",
            mounts=[mount._asdict() for mount in mounts],
            edits=[asdict(edit) for edit in edits],
        )

    def ask(self, what: str, **arguments: object) -> None:
        """Have the script do one thing; raises what it failed at."""
        request = json.dumps({"do": what, **arguments}).encode() + b"\n"
        try:
            self._requests.write(request)
            self._requests.flush()
            answer = self._answer(time.monotonic() + MOST_S)
        except BrokenPipeError as error:
            raise self._death() from error
        if "failed" in answer:
            raise _failure(what, answer)

    def _answer(self, deadline: float) -> dict[str, Any]:
        data = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while not data.endswith(b"\n"):
                self._tick()
                if time.monotonic() > deadline:
                    raise GuestError(
                        f"libguestfs: no answer after {MOST_S} s",
                        hint=DAMAGED,
                    )
                if not selector.select(TICK_S):
                    continue
                piece = os.read(self._answers.fileno(), LONGEST_ANSWER)
                data += piece
                if not piece or len(data) > LONGEST_ANSWER:
                    raise self._death()
        answer: dict[str, Any] = json.loads(data)
        return answer

    def _death(self) -> SetupError:
        status = self._process.wait(END_S)
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - LONGEST_COMPLAINT))
        last = self._complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        return SetupError(
            f"libguestfs: {PYTHON} {SCRIPT.name} ended with status {status}: {last}", hint=INSTALL
        )


def _failure(what: str, answer: dict[str, Any]) -> Exception:
    """Return the error of what the script failed at."""
    failed = str(answer["failed"])
    if what == "start":
        return SetupError(f"libguestfs: does not start: {failed}", hint=INSTALL)
    where = str(answer.get("where", ""))
    return GuestError(
        f"{where}: {failed}" if where else failed,
        hint=next((hint for words, hint in HINTS.items() if words in failed), DAMAGED),
        aws_text="ClientError",
    )


ENGINE = Engine(name="libguestfs", start=start)

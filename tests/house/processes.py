# SPDX-License-Identifier: Apache-2.0
"""Pytest plug-in: a test that leaves a child process behind has failed.

Servers and machines that outlive their test hold ports, files and memory, and make other tests fail
at random. Fixtures of a wider scope keep theirs: they are there before the test begins.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

GRACE_S: Final = 2.0
"""A child that was told to stop may take this long."""

PYTHONS_OWN: Final = (b"multiprocessing.resource_tracker", b"multiprocessing.forkserver")
"""Started once per process by multiprocessing and kept until its end."""


@pytest.fixture(autouse=True)
def no_stray_process() -> Iterator[None]:
    """Fail the test if it leaves a running child, and end the child."""
    before = set(children())
    yield
    deadline = time.monotonic() + GRACE_S
    while (left := set(children()) - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    if left:
        commands = [f"{pid}: {_command(pid).decode(errors='replace')}" for pid in sorted(left)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        pytest.fail("the test left running: " + "; ".join(commands), pytrace=False)


def children() -> Iterator[int]:
    """Yield the running children of this process; those that ended and were not asked are gone."""
    for thread in Path("/proc/self/task").iterdir():
        for pid in map(int, _read(thread / "children").split()):
            if _runs(pid) and not any(own in _command(pid) for own in PYTHONS_OWN):
                yield pid


def _runs(pid: int) -> bool:
    # Not by an empty command line, which a child has for a moment inside execve, too.
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(b") ")[2][:1]
    return state not in (b"", b"Z", b"X")


def _command(pid: int) -> bytes:
    return _read(Path(f"/proc/{pid}/cmdline")).replace(b"\0", b" ").strip()


def _read(path: Path) -> bytes:
    """Return a file of ``/proc``, or nothing when its process or thread has just ended."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""

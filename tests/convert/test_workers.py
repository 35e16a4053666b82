# SPDX-License-Identifier: Apache-2.0
"""Workers end when their work does, when the command does, and say what they failed at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vmferry.convert.workers import cores, forked, receive
from vmferry.errors import FormatError, ServiceError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def _alive(pid: int) -> bool:
    """Whoever is dead and not yet buried by a slow init is dead."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def serve(connection: Connection) -> None:
    for item in iter(connection.recv, None):
        if item == "refuse":
            raise FormatError("vmdk: refused", found=1, expected=2)
        if item == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        connection.send((item, os.getpid()))


def test_each_answers_and_ends() -> None:
    with forked(3, serve) as workers:
        for number, worker in enumerate(workers):
            worker.send(number)
        answers = [receive(worker) for worker in workers]
        for worker in workers:
            worker.send(None)
    assert [item for item, _ in answers] == [0, 1, 2]
    assert len({pid for _, pid in answers} | {os.getpid()}) == 4
    assert not any(_alive(pid) for _, pid in answers)


def _ask(word: str) -> None:
    """Have the first of two workers do something while the other one waits."""
    with forked(2, serve) as workers:
        workers[1].send("wait")
        _pids.append(receive(workers[1])[1])
        workers[0].send(word)
        receive(workers[0])


_pids: list[int] = []


def test_a_refusal_crosses_over_and_ends_the_others() -> None:
    with pytest.raises(FormatError, match="vmdk: refused: found 1, expected 2"):
        _ask("refuse")
    assert not _alive(_pids[-1])


def test_a_killed_worker_is_noticed() -> None:
    with pytest.raises(ServiceError, match="ended in the middle"):
        _ask("die")
    assert not _alive(_pids[-1])


SCRIPT = """
import os, sys, time
from vmferry.convert.workers import forked
def serve(connection):
    os.write(1, f"{os.getpid()} ".rjust(20).encode())
    time.sleep(60)
with forked(2, serve):
    time.sleep(60)
"""


def test_kill_9_leaves_no_worker() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE) as process:
        assert process.stdout
        pids = [int(process.stdout.read(20)) for _ in range(2)]
        process.kill()
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_cores_are_those_that_may_be_used() -> None:
    assert cores() == len(os.sched_getaffinity(0))

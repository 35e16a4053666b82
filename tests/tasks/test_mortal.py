# SPDX-License-Identifier: Apache-2.0
"""A process that dies with its parent: seen at a parent that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PARENT = """
import os, sys, time
if os.fork() == 0:
    from vmferry.tasks._mortal import die_with_parent
    die_with_parent()
    print(os.getpid(), flush=True)
    time.sleep(60)
time.sleep(60)
"""

LATE = """
import os, sys, time
from vmferry.tasks import _mortal
_mortal.server = os.getpid()
if os.fork() == 0:
    print(os.getpid(), flush=True)
    while os.getppid() == _mortal.server:
        time.sleep(0.01)
    _mortal.die_with_parent()
    time.sleep(60)
os._exit(0)
"""

ELSEWHERE = """
import ctypes, vmferry.tasks._mortal
PR_GET_PDEATHSIG, value = 2, ctypes.c_int(-1)
ctypes.CDLL(None).prctl(PR_GET_PDEATHSIG, ctypes.byref(value))
print(value.value)
"""


@pytest.mark.crash
def test_the_child_of_a_killed_parent_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.crash
def test_a_child_that_asks_too_late_is_gone_too() -> None:
    # The pipe ends with its last holder, the child, which otherwise sleeps for a minute.
    done = subprocess.run(
        [sys.executable, "-c", LATE], stdout=subprocess.PIPE, text=True, check=True, timeout=30
    )
    assert int(done.stdout) > 1


def test_importing_it_elsewhere_does_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"

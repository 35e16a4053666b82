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

from vmferry.tasks import _mortal

PARENT = """
import os, sys, time
if os.fork() == 0:
    from vmferry.tasks._mortal import die_with_parent
    die_with_parent()
    print(os.getpid(), flush=True)
    time.sleep(60)
time.sleep(60)
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


def test_importing_it_elsewhere_does_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"
    assert _mortal.PR_SET_PDEATHSIG == 1

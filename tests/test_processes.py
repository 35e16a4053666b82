# SPDX-License-Identifier: Apache-2.0
"""A worker dies with its parent and keeps its memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vmferry.processes import mortal

ORPHAN = """
import os, sys, time
from vmferry.processes import die_with_parent
child = os.fork()
if not child:
    die_with_parent()
    print(os.getpid(), flush=True)
    time.sleep(60)
time.sleep(60)
"""

STARTER = """
import subprocess, time
from vmferry.processes import mortal
child = subprocess.Popen(mortal(["sleep", "60"]))
print(child.pid, flush=True)
time.sleep(60)
"""

KEEPER = """
import resource
from vmferry.processes import keep_memory
keep_memory()
for _ in range(3):
    bytes(8 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    bytes(8 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize("parent", [ORPHAN, STARTER])
def test_a_child_ends_with_its_parent(parent: str) -> None:
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 10
    stat = Path(f"/proc/{child}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_program_gets_its_words_and_its_process() -> None:
    command = mortal(["sh", "-c", 'echo $$ "$@"', "sh", "a b", "c"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.communicate()[0] == f"{child.pid} a b c\n"
    # Its parent has gone before it could tie itself: another process is named.
    of_another = [str(os.getpid() + 1) if word == str(os.getpid()) else word for word in command]
    done = subprocess.run(of_another, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_freed_memory_is_used_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KEEPER], capture_output=True, text=True, check=True, timeout=60
    )
    page = resource.getpagesize()
    assert int(done.stdout) < (8 << 20) // page, "50 blocks fault less than one block has pages"

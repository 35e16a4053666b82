# SPDX-License-Identifier: Apache-2.0
"""What a process can still do after it closed the doors, tried in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from vmferry.guest.sandbox import ALLOW, CALLS, INSTRUCTION, REFUSE, filter_code

PROBE = """
import os, resource, socket, sys
from vmferry.guest.sandbox import close_doors
close_doors()
def refused(call):
    try:
        call()
    except OSError:
        return True
    return False
print(
    refused(lambda: open("/etc/passwd")),
    refused(lambda: os.open("/tmp/x", os.O_CREAT | os.O_WRONLY)),
    refused(lambda: socket.socket()),
    refused(os.fork),
    refused(lambda: os.kill(os.getpid(), 0)),
    refused(lambda: os.execv("/bin/true", ["true"])),
    len(bytearray(10 << 20)) == 10 << 20,
)
"""


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(os.uname().machine not in CALLS, reason="no seccomp filter for this machine")
def test_nothing_is_open_behind_the_doors() -> None:
    done = _run(PROBE)
    assert done.stdout.split() == ["True"] * 7, done.stderr


def test_memory_has_an_end() -> None:
    done = _run(
        "from vmferry.guest.sandbox import close_doors; close_doors(); bytearray(300 << 20)"
    )
    assert done.returncode != 0
    assert "MemoryError" in done.stderr


def test_time_has_an_end() -> None:
    limit = "import vmferry.guest.sandbox as s; s.CPU_S = 1; s.close_doors()"
    done = _run(f"{limit}\nwhile True: pass")
    assert done.returncode == -signal.SIGXCPU


def _decide(code: bytes, architecture: int, number: int) -> int:
    """Run the BPF program as the kernel would."""
    steps = list(INSTRUCTION.iter_unpack(code))
    at = accumulator = 0
    while True:
        operation, yes, no, value = steps[at]
        at += 1
        if operation == 0x06:
            return int(value)
        if operation == 0x20:
            accumulator = architecture if value == 4 else number
        else:
            at += yes if accumulator == value else no


@pytest.mark.parametrize("machine", CALLS)
def test_the_filter_allows_exactly_the_list(machine: str) -> None:
    architecture, numbers = CALLS[machine]
    code = filter_code(architecture, numbers)
    for number in range(500):
        expected = ALLOW if number in numbers else REFUSE
        assert _decide(code, architecture, number) == expected
    assert _decide(code, architecture ^ 1, numbers[0]) == REFUSE

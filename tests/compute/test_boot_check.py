# SPDX-License-Identifier: Apache-2.0
"""The boot check on a drawn QEMU: every end, what the report says, and that nothing is left."""

from __future__ import annotations

import os
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.compute.test_traffic import BOOT

from vmferry.compute import boot_check
from vmferry.compute.accelerator import QEMU, emulation
from vmferry.compute.boot_check import (
    FIRST_BOOT_FAILURE,
    BootReport,
    check_boot,
    first_boot_failure,
)
from vmferry.compute.machine import Machine
from vmferry.errors import ServiceError, SetupError, TaskCancelledError
from vmferry.model.guest import Platform

if TYPE_CHECKING:
    from pathlib import Path

FAKE = """\
#!{python}
import json, os, re, socket, sys, time
words = " ".join(sys.argv)
out = lambda pattern: open("/dev/fd/" + re.search(pattern, words)[1], "wb", buffering=0)
serial, traffic = out(r"file,path=/dev/fd/(\\d+),id=serial"), out(r"file=/dev/fd/(\\d+)")
qmp = socket.socket(fileno=int(re.search(r"socket,fd=(\\d+),id=monitor", words)[1]))
lines = qmp.makefile("rw")
def say(**document):
    lines.write(json.dumps(document) + "\\n")
    lines.flush()
def event(name, **data):
    say(event=name, data=data)
ssh = socket.create_server(("127.0.0.1", 0))
port = ssh.getsockname()[1]
say(QMP={{}})
for answer in ({{}}, f"TCP[HOST_FORWARD]  12  127.0.0.1 {{port}}  10.0.2.15 22 0 0"):
    lines.readline()
    say(**{{"return": answer}})
PACKETS = {packets!r}
{story}
time.sleep(60)
"""

PROMPT = r"serial.write(b'Debian GNU/Linux 12 ttyS0\r\n\r\ndebian login: ')"


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the drawn QEMU goes."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / QEMU


def draw(program: Path, story: str) -> None:
    program.write_text(FAKE.format(python=sys.executable, packets=BOOT, story=story))
    program.chmod(0o755)


def check(deadline_s: float = 20, *, address: bool = True) -> BootReport:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are what is wanted
    try:
        return check_boot(
            Machine(drives=()),
            emulation("no KVM"),
            deadline_s=deadline_s,
            tick=lambda _: None,
            address=address,
        )
    finally:
        assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_boot(qemu: Path) -> None:
    draw(qemu, f"serial.write(b'GRUB loading.\\r\\n')\ntraffic.write(PACKETS)\n{PROMPT}")
    report = check()
    assert report.booted
    assert (report.failure, report.address, report.accelerator) == ("", "10.0.2.15", "tcg")
    assert set(report.proofs) == {"dhcp", "login"}
    assert report.console == ("GRUB loading.", "Debian GNU/Linux 12 ttyS0", "debian login:")
    assert 0 < report.seconds < 20


def test_ssh_answers_at_the_second_try(qemu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot_check, "SSH_RETRY_S", 0.1)
    draw(
        qemu,
        "traffic.write(PACKETS)\nssh.accept()[0].close()\n"
        "guest = ssh.accept()[0]\nguest.sendall(b'SSH-2.0-OpenSSH_9.2\\r\\n')",
    )
    report = check()
    assert report.booted
    assert set(report.proofs) == {"dhcp", "ssh"}
    assert report.console == ()


def test_a_server_that_does_not_greet_is_asked_again(
    qemu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_check, "SSH_PATIENCE_S", 0.3)
    monkeypatch.setattr(boot_check, "SSH_RETRY_S", 0.1)
    draw(
        qemu,
        "traffic.write(PACKETS)\nfirst = ssh.accept()\nsecond = ssh.accept()\n"
        f"second[0].sendall(b'220 smtp')\nthird = ssh.accept()\n{PROMPT}",
    )
    assert set(check().proofs) == {"dhcp", "login"}


def test_the_deadline(qemu: Path) -> None:
    draw(qemu, PROMPT.replace("login", "lo gin"))
    report = check(0.2)
    assert report.failure == (
        "no login prompt was seen, and it did not ask for an address by DHCP within 0.8 s"
    )
    assert not report.booted


def test_a_guest_with_an_address_of_its_own(qemu: Path) -> None:
    draw(qemu, PROMPT)
    assert check(address=False).booted


@pytest.mark.parametrize(
    ("story", "failure"),
    [
        (r"serial.write(b'Kernel panic - not syncing: x\r\n')", "kernel panic: x"),
        (
            "event('SHUTDOWN', guest=True, reason='guest-shutdown')\nsys.exit()",
            "the guest switched itself off",
        ),
        ("for _ in range(4): event('RESET', guest=True)", "the guest restarted 4 times"),
    ],
)
def test_early_ends(qemu: Path, story: str, failure: str) -> None:
    draw(qemu, story)
    began = time.monotonic()
    assert check(100).failure == failure
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ("sys.exit('qemu: out of memory')", "QEMU ended with 1: qemu: out of memory"),
        ("os.kill(os.getpid(), 11)", "QEMU ended with -11: qmp: "),
    ],
)
def test_a_qemu_that_dies(qemu: Path, story: str, message: str) -> None:
    draw(qemu, f"time.sleep(0.3)\n{story}")
    with pytest.raises(ServiceError, match=f"^boot check: {message}"):
        check()


def test_a_qemu_that_does_not_start(qemu: Path) -> None:
    qemu.write_text("#!/bin/sh\necho 'qemu: -device x: no such device' >&2\nexit 1\n")
    qemu.chmod(0o755)
    with pytest.raises(ServiceError, match=r"with 1: qemu: -device x: no such device$"):
        check()


def test_a_tick_cancels(qemu: Path) -> None:
    draw(
        qemu,
        "traffic.write(PACKETS[:24])\n"
        "while True: serial.write(b'x' * 9999); traffic.write(PACKETS[24:])",
    )
    seconds: list[float] = []

    def tick(now: float) -> None:
        seconds.append(now)
        if now > 1:
            raise TaskCancelledError("cancelled")

    with pytest.raises(TaskCancelledError):
        check_boot(Machine(drives=()), emulation(""), deadline_s=60, tick=tick)
    assert seconds == sorted(seconds)
    assert max(b - a for a, b in pairwise(seconds)) < 3


def test_the_error_of_a_task() -> None:
    lines = tuple(f"line {n}" for n in range(9))
    report = BootReport(
        booted=False, seconds=5, accelerator="tcg", failure="kernel panic: x", console=lines
    )
    assert first_boot_failure(report).status_message == (
        "FirstBootFailure: This import request failed because the instance failed to boot and "
        "establish network connectivity. (boot check: kernel panic: x. The last lines of the "
        "console are: line 4; line 5; line 6; line 7; line 8)"
    )
    silent = first_boot_failure(
        BootReport(booted=False, seconds=5, accelerator="tcg", failure="x"), Platform.WINDOWS
    )
    assert silent.aws_text == FIRST_BOOT_FAILURE.replace("the instance", "the Windows instance")
    assert silent.hint == "The console was silent"


def test_without_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"^compute: the program qemu-system-x86_64 was not found"):
        check()

# SPDX-License-Identifier: Apache-2.0
"""The real guest is one: it boots to a login prompt and lets root in, under emulation."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Final

import pytest
from tools.make_guest.recipe import Recipe

if TYPE_CHECKING:
    from tests.fixtures.guest import DebianGuest

PATIENCE_S: Final = 300
FLUSH_S: Final = 2
"""login(1) throws away what was typed before it asked for the password."""


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.oracle
def test_boots_to_a_shell(debian_guest: DebianGuest) -> None:
    """Measured: login prompt after 34 s on two idle cores without KVM."""
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("qemu-system-x86_64 is not installed")
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]
    command += ["-m", "1024", "-nographic", "-no-reboot", "-monitor", "none", "-serial", "stdio"]
    command += ["-nic", "none", "-snapshot", "-drive", f"file={debian_guest.raw},format=raw,if=ide"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as machine:
        try:
            console = _Console(machine)
            console.expect("login: ")
            console.type("root")
            console.expect("Password: ")
            time.sleep(FLUSH_S)
            console.type(Recipe().password)
            console.expect(":~# ")
            console.type('systemctl is-active ssh; uname -r; echo all"-"well')
            said = console.expect("all-well")
            assert "\ractive\r\n" in said
            assert "-amd64" in said
        finally:
            machine.kill()


class _Console:
    """A serial console that is read until it says something."""

    def __init__(self, machine: subprocess.Popen[bytes]) -> None:
        assert machine.stdin is not None
        assert machine.stdout is not None
        self._in, self._out = machine.stdin, machine.stdout
        self._unread = ""
        self._deadline = time.monotonic() + PATIENCE_S

    def type(self, line: str) -> None:
        """Type a line."""
        self._in.write(line.encode() + b"\n")
        self._in.flush()

    def expect(self, text: str) -> str:
        """Return what was said up to ``text``."""
        while text not in self._unread:
            left = self._deadline - time.monotonic()
            ready = select.select([self._out], [], [], max(0, left))[0]
            data = os.read(self._out.fileno(), 65536) if ready else b""
            assert data, f"no {text!r} on the console: {self._unread[-500:]}"
            self._unread += data.decode(errors="replace")
        said, _, self._unread = self._unread.partition(text)
        return said

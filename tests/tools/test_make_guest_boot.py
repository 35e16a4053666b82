# SPDX-License-Identifier: Apache-2.0
"""Real guests are: they boot to a login prompt and let root in, under emulation."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tools.make_guest.recipe import MATRIX, Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.mark import ParameterSet

PATIENCE_S: Final = 450
OVMF: Final = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
EVERY: Final = "VMFERRY_EVERY_GUEST"
FLUSH_S: Final = 2
"""login(1) throws away what was typed before it asked for the password."""


def _boots() -> list[ParameterSet]:
    """Return the demo's guest, and for who asks for it the matrix."""
    others = [pytest.mark.skipif(not os.environ.get(EVERY), reason=f"slow; {EVERY}=1 boots it")]
    return [
        pytest.param(
            recipe, id=recipe.name, marks=others if recipe != Recipe() else [pytest.mark.oracle]
        )
        for recipe in MATRIX
    ]


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.parametrize("recipe", _boots())
def test_boots_to_a_shell(
    recipe: Recipe, make_guest: Callable[[Recipe, str], Path], tmp_path: Path
) -> None:
    """Measured: the demo's guest asks for a login after 34 s on two idle cores without KVM."""
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("qemu-system-x86_64 is not installed")
    disk = make_guest(recipe, "raw")
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]
    command += ["-m", "1024", "-nographic", "-no-reboot", "-monitor", "none", "-serial", "stdio"]
    command += ["-nic", "none", "-snapshot", "-drive", f"file={disk},format=raw,if=ide"]
    if recipe.firmware == "uefi":
        command += _firmware(tmp_path)
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
            console.type("systemctl is-active ssh; uname -r; findmnt -no SOURCE,FSTYPE /")
            console.type('echo all"-"well')
            said = console.expect("all-well")
            assert "active\r\n" in said
            assert "-amd64" in said
            assert re.search(rf"/dev/\S+ +{recipe.root}\b", said)
        finally:
            machine.kill()


def _firmware(folder: Path) -> list[str]:
    """Return QEMU's words for OVMF with variables in ``folder``."""
    if not OVMF.exists():
        pytest.skip(f"{OVMF} is missing; install ovmf")
    variables = shutil.copy(OVMF.with_name("OVMF_VARS_4M.fd"), folder)
    flash = "if=pflash,format=raw"
    return ["-drive", f"{flash},readonly=on,file={OVMF}", "-drive", f"{flash},file={variables}"]


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

# SPDX-License-Identifier: Apache-2.0
"""A bar for whoever waits at a terminal, nothing for a pipe."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys

from vmferry.units import GIB

SCRIPT = f"""
import time
from vmferry.cli.progress import Bar
with Bar("converting") as bar:
    for done in range(21):
        bar.show(done * {GIB} // 20, {GIB})
        time.sleep(0.05)
print("end")
"""


def _read(terminal: int) -> str:
    out = b""
    while select.select([terminal], [], [], 10)[0]:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        out += chunk
    return out.decode()


def test_a_terminal_sees_rate_and_time_left() -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    done = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=theirs, env=environ
    )
    os.close(theirs)
    seen = _read(ours)
    os.close(ours)
    out, _ = done.communicate(timeout=30)
    assert out == b"end\n"
    assert "converting" in seen
    assert "GiB" in seen
    assert "/s" in seen
    assert "100%" in seen


def test_a_pipe_sees_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"end\n", b"")

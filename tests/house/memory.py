# SPDX-License-Identifier: Apache-2.0
"""How much memory a process had at most, whoever started it.

``ru_maxrss`` cannot tell: a child inherits the largest resident size of its parent, and exec keeps
it, so growth below a fat parent's peak is never seen.

Source: proc(5), ``VmHWM`` of status and ``clear_refs``.
"""

from __future__ import annotations

from pathlib import Path


def peak() -> int:
    """Return the largest resident size of this process since it began, or forgot, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields["VmHWM"].split()[0]) << 10


def forget_peak() -> None:
    """Let the peak be what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")

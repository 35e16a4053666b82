# SPDX-License-Identifier: Apache-2.0
"""Running QEMU as a child that ends with whoever started it, and hearing what it says."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from vmferry.processes import mortal
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_COMPLAINT: Final = 4096
CHUNK: Final = 64 * KIB


def start_mortal(command: Sequence[str], inherited: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start ``command``; the kernel kills it when the calling thread ends, however it ends.

    Args:
        command: The program and its arguments.
        inherited: Descriptors that it keeps; the caller closes its own.

    Returns:
        The process; ``stderr`` is a pipe for ``read_complaint``.
    """
    return subprocess.Popen(
        mortal(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        pass_fds=tuple(inherited),
        process_group=0,  # Ctrl-C in a terminal is for us, and we end our children
    )


def read_complaint(process: subprocess.Popen[bytes], before: str = "") -> str:
    """Return the end of what the process has said on ``stderr``, without waiting."""
    said = before
    while process.stderr is not None and (data := read_now(process.stderr.fileno())):
        said = (said + data.decode(errors="replace"))[-LONGEST_COMPLAINT:]
    return said


def read_now(descriptor: int) -> bytes:
    """Return what can be read without waiting, up to 64 KiB; ``b""`` for nothing and at the end."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, CHUNK)
    except (BlockingIOError, ConnectionResetError):
        return b""

# SPDX-License-Identifier: Apache-2.0
"""What every worker process sets up for itself, and how a program is tied to whoever starts it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

PR_SET_PDEATHSIG: Final = 1
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3

TIE: Final = (
    f"import ctypes, os, sys; ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {signal.SIGKILL:d}); "
    "os.getppid() == int(sys.argv[1]) or os._exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)
"""A parent that died before the call would never be noticed: so it is looked for afterwards."""


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends, however it ends.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def mortal(command: Sequence[str]) -> list[str]:
    """Return what runs ``command`` so that the kernel kills it when the thread that starts it ends.

    Between fork and exec of a process with threads nearly nothing may be called (``preexec_fn`` may
    hang), so a small Python comes first that ties its own life to ours and becomes the program:
    15 ms.
    """
    return [sys.executable, "-I", "-S", "-c", TIE, str(os.getpid()), *command]


def keep_memory() -> None:
    """Have glibc keep freed blocks of up to 32 MiB instead of giving each back to the kernel.

    Page faults of fresh memory cost nearly half the speed of inflating a VMDK: 310 MiB/s without
    this, 575 with it (512 MiB of /usr in a streamOptimized of qemu-img, one core).

    Source: mallopt(3).
    """
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, 32 * MIB)
    libc.mallopt(M_TRIM_THRESHOLD, 64 * MIB)

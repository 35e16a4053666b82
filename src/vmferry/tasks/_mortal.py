# SPDX-License-Identifier: Apache-2.0
"""Preloaded by the fork server of the workers: ties its life to the service's.

Python's fork server ends when the last holder of its alive pipe does, and its own children hold it;
so after kill -9 of the service both would live on and go on writing (seen: they did). The kernel's
death signal follows the thread that started the server, which is why ``WorkerPool.launch`` is
called from the main thread. Source: prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    die_with_parent()

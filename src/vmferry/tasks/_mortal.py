# SPDX-License-Identifier: Apache-2.0
"""Preloaded by the fork server of the workers: ties its life to the service's.

Python's fork server ends when the last holder of its alive pipe does, and its own children hold it;
so after kill -9 of the service both would live on and go on writing (seen: they did). The kernel's
death signal follows the thread that started the server, which is why ``WorkerPool.launch`` is
called from the main thread. Source: prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import os
import sys

from vmferry import processes

server = 0
"""The fork server's process id, in it and in the workers that it forks; 0 elsewhere."""


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however it ends.

    A worker whose server ended between the fork and this call ends here: the signal was sent to
    others, and nothing would ever end it (seen at one of thirty kills).
    """
    processes.die_with_parent()
    if server not in (0, os.getpid(), os.getppid()):
        os._exit(1)


if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    server = os.getpid()
    die_with_parent()

# SPDX-License-Identifier: Apache-2.0
"""Worker processes of one command: forked when it begins, gone when it ends, however it ends.

A fork costs a millisecond where a fresh interpreter costs a third of a second, which is all that a
conversion takes. It is safe because the command line has no threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from vmferry.errors import ServiceError, VmferryError
from vmferry.processes import die_with_parent, keep_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection


def cores() -> int:
    """Return how many processes can run at the same time."""
    return len(os.sched_getaffinity(0))


@contextmanager
def forked(count: int, serve: Callable[[Connection], None]) -> Iterator[list[Connection]]:
    """Run ``serve`` in ``count`` processes and give the connections to them.

    Args:
        count: How many.
        serve: Called in each with its end of a connection; returns when it has read ``None``.
    """
    context = multiprocessing.get_context("fork")
    pairs = [context.Pipe() for _ in range(count)]
    processes = []
    try:
        for _, theirs in pairs:
            # Every other end is closed there, or nobody would read the end of a connection.
            others = [end for pair in pairs for end in pair if end is not theirs]
            process = context.Process(target=_run, args=(serve, theirs, others), daemon=True)
            process.start()
            processes.append(process)
        for _, theirs in pairs:
            theirs.close()
        yield [ours for ours, _ in pairs]
    except BaseException:
        for process in processes:
            process.kill()
        raise
    finally:
        for ours, theirs in pairs:
            ours.close()
            theirs.close()
        for process in processes:
            process.join()


def receive(connection: Connection) -> Any:  # noqa: ANN401
    """Return what a worker sent.

    Raises:
        VmferryError: What it failed at.
        ServiceError: It is gone.
    """
    try:
        value = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        raise ServiceError(
            "convert: a worker process ended in the middle of its work",
            hint="The kernel's log says whether memory ran out",
        ) from error
    if isinstance(value, VmferryError):
        raise value
    return value


def _run(
    serve: Callable[[Connection], None], connection: Connection, others: list[Connection]
) -> None:
    die_with_parent()
    # Ctrl-C reaches the whole group of processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_memory()
    for other in others:
        other.close()
    with suppress(EOFError, BrokenPipeError):
        try:
            serve(connection)
        except VmferryError as error:
            connection.send(error)

# SPDX-License-Identifier: Apache-2.0
"""Worker processes: one per core, forked from a small server, gone when the service is.

Processes and not threads: inflating 64 KiB grains holds the GIL long enough that threads made it
slower (design.md, section 4). A worker that dies (out of memory, a crash in a C library) fails
only the call that it was at, and that call is tried again in a fresh pool.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import ServiceError, VmferryError
from vmferry.tasks import failure

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES: Final = 3
"""Calls that a dying worker is given: one that always kills its worker must end too."""

PR_SET_PDEATHSIG: Final = 1

Json = Any
"""What a step returns: anything that JSON can hold."""


class WorkerPool:
    """Runs functions in worker processes.

    Args:
        workers: How many processes.
        prepare: Called once in every process, with ``arguments``.
        preload: Modules that the fork server imports once for all workers.
    """

    def __init__(
        self,
        workers: int,
        prepare: Callable[..., None],
        arguments: tuple[object, ...],
        preload: tuple[str, ...] = (),
    ) -> None:
        self.workers = workers
        self._prepare, self._arguments = prepare, arguments
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__, *preload])
        self._lock = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None

    def call(self, function: Callable[..., object], arguments: tuple[object, ...]) -> Json:
        """Run ``function(*arguments)`` in a worker and return its JSON result.

        Raises:
            VmferryError: What the function raised.
            ServiceError: The worker died ``TRIES`` times.
        """
        for _ in range(TRIES):
            executor = self._start()
            try:
                answer = executor.submit(_guarded, function, arguments).result()
            except BrokenProcessPool:
                self._drop(executor)
                continue
            if "error" in answer:
                raise failure.unpack(answer["error"])
            return answer["value"]
        raise ServiceError(
            f"{function.__name__}: the worker process died {TRIES} times",
            hint="See the service's log; it may have run out of memory",
        )

    def warm(self) -> None:
        """Start the fork server and one worker now; the first task then does not wait for them."""
        self._start().submit(_nothing)

    def stop(self) -> None:
        """End every worker; calls under way fail."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            processes = list((getattr(executor, "_processes", None) or {}).values())
            for process in processes:
                process.kill()
            executor.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._executor is None:
                self._executor = ProcessPoolExecutor(
                    self.workers,
                    mp_context=self._context,
                    initializer=_begin,
                    initargs=(self._prepare, self._arguments),
                )
            return self._executor

    def _drop(self, executor: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._executor is executor:
                self._executor = None
        executor.shutdown(wait=False, cancel_futures=True)


def _begin(prepare: Callable[..., None], arguments: tuple[object, ...]) -> None:
    # The fork server ends when the service does, however it ends; this ends its children with it.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare(*arguments)


def _guarded(function: Callable[..., object], arguments: tuple[object, ...]) -> dict[str, Any]:
    try:
        return {"value": function(*arguments)}
    except VmferryError as error:
        return {"error": failure.pack(error)}


def _nothing() -> None:
    """Only to have a worker started."""

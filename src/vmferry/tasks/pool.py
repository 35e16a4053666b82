# SPDX-License-Identifier: Apache-2.0
"""Worker processes: one per core, forked from a small server, gone when the service is.

Processes and not threads: inflating 64 KiB grains holds the GIL long enough that threads made it
slower (design.md, section 4). A worker that dies (out of memory, a crash in a C library) fails
only the call that it was at, and that call is tried again in a fresh pool.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import traceback
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import ServiceError, VmferryError
from vmferry.tasks import failure
from vmferry.tasks._mortal import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES: Final = 3
"""Calls that a dying worker is given: one that always kills its worker must end too."""

Json = Any
"""What a step returns: anything that JSON can hold."""


class StoppingError(BaseException):
    """The service stops: the step is not over, and must be recorded as nothing at all.

    Not an ``Exception``, because DBOS records those as the step's outcome; a step without one is
    done again at the next start.
    """


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
        self._context.set_forkserver_preload(["vmferry.tasks._mortal", __name__, *preload])
        self._lock = threading.Lock()
        self._stopped = False
        self._executor: ProcessPoolExecutor | None = None

    def call(self, function: Callable[..., object], arguments: tuple[object, ...]) -> Json:
        """Run ``function(*arguments)`` in a worker and return its JSON result.

        Raises:
            VmferryError: What the function raised.
            ServiceError: The worker died ``TRIES`` times, or the function has a defect.
            StoppingError: ``stop`` was called.
        """
        for _ in range(TRIES):
            executor = self._start()
            try:
                answer = executor.submit(_guarded, function, arguments).result()
            except (BrokenProcessPool, CancelledError, RuntimeError):
                # CancelledError: it waited in an executor that was dropped or stopped meanwhile.
                # RuntimeError: submitted to an executor that another thread has just dropped.
                self._drop(executor)
                continue
            if "error" in answer:
                raise failure.unpack(answer["error"])
            return answer["value"]
        raise ServiceError(
            f"{function.__name__}: the worker process died {TRIES} times",
            hint="See the service's log; it may have run out of memory",
        )

    def launch(self) -> None:
        """Start the fork server, which begins to preload; must be called from the main thread.

        The server dies with the thread that started it (``_mortal``).
        """
        forkserver.ensure_running()

    def stop(self) -> None:
        """End every worker; calls under way fail."""
        with self._lock:
            self._stopped = True
            executor, self._executor = self._executor, None
        if executor is not None:
            processes = list((getattr(executor, "_processes", None) or {}).values())
            for process in processes:
                process.kill()
            executor.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._stopped:
                raise StoppingError
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
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare(*arguments)


def _guarded(function: Callable[..., object], arguments: tuple[object, ...]) -> dict[str, Any]:
    try:
        return {"value": function(*arguments)}
    except VmferryError as error:
        return {"error": failure.pack(error)}
    except Exception as error:
        # The engine's runner: a defect ends the step, not the worker, and its cause goes to the
        # log.
        traceback.print_exc()
        return {"error": failure.pack(failure.of_defect(function.__name__, error))}

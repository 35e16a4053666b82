# SPDX-License-Identifier: Apache-2.0
"""Worker processes: prepared, replaced when they die, gone when told."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.tasks import work

from vmferry.errors import FormatError, ServiceError, StorageFullError
from vmferry.tasks.pool import TRIES, StoppingError, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(2, work.prepare, ("ready",))
    yield made
    made.stop()


def test_a_worker_is_prepared_before_it_works(pool: WorkerPool) -> None:
    assert pool.call(work.say, ()) == "ready"


def test_a_refusal_comes_back_as_the_same_error(pool: WorkerPool) -> None:
    with pytest.raises(FormatError, match="thing at byte 7: found x, expected something else"):
        pool.call(work.refuse, ("x",))


def test_a_defect_names_itself_but_no_path(pool: WorkerPool) -> None:
    with pytest.raises(ServiceError) as caught:
        pool.call(work.blunder, ())
    assert caught.value.message == "blunder failed by a defect of vmferry (KeyError)"
    assert "/a/secret/path" not in caught.value.status_message
    assert pool.call(work.say, ()) == "ready"


def test_full_records_are_a_full_disk(pool: WorkerPool) -> None:
    with pytest.raises(StorageFullError, match="no space left on the disk"):
        pool.call(work.full, ())


def test_a_call_whose_worker_dies_is_made_again(pool: WorkerPool, tmp_path: Path) -> None:
    assert pool.call(work.die_once, (str(tmp_path),)) == "alive"


def test_a_call_that_always_kills_its_worker_ends(pool: WorkerPool) -> None:
    with pytest.raises(ServiceError, match=f"die: the worker process died {TRIES} times"):
        pool.call(work.die, ())
    assert pool.call(work.say, ()) == "ready"


def test_stop_ends_a_call_without_an_outcome(pool: WorkerPool, tmp_path: Path) -> None:
    seen: list[BaseException] = []

    def call() -> None:
        try:
            pool.call(work.slow_note, (str(tmp_path), "late", 30.0))
        except BaseException as error:
            seen.append(error)

    worker = pool.call(work.pid, ())
    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    pool.stop()
    thread.join(timeout=10)
    assert time.monotonic() - began < 5
    assert [type(error) for error in seen] == [StoppingError]
    assert not (tmp_path / "late").exists()
    assert not Path(f"/proc/{worker}").exists()
    with pytest.raises(StoppingError):
        pool.call(work.say, ())


def test_stop_ends_a_call_that_waits_for_a_worker_without_an_outcome(tmp_path: Path) -> None:
    """It is cancelled, and what DBOS recorded of that would end its task after a restart."""
    pool = WorkerPool(1, work.prepare, ("ready",))
    ended: list[BaseException] = []

    def call(name: str) -> None:
        try:
            pool.call(work.slow_note, (str(tmp_path), name, 60))
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=call, args=(f"note-{at}",)) for at in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    pool.stop()
    for thread in threads:
        thread.join()
    assert [type(error) for error in ended] == [StoppingError] * 8

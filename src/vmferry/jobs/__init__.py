# SPDX-License-Identifier: Apache-2.0
"""Jobs: what a task does, one module each, found by ``plugins.find``; here the rooms meet.

A public module is a kind of task and exports ``JOB``. What several of them share lies in the
modules with an underscore: ``_rooms`` (what is wired), ``_source`` (from a request to disks),
``_copy`` (disk to blocks), ``_mend`` and ``_boot`` (fix-ups and a look whether they helped, on
``_sockets``), ``_undo`` (the image without them), ``_snapshots`` (its record), ``_export`` (blocks
to an artifact), ``_collect`` (garbage).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmferry import plugins
from vmferry.tasks import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.jobs._rooms import Rooms
    from vmferry.model.task import Task
    from vmferry.tasks import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of task.

    Attributes:
        name: The module's name; kept in the records, so it never changes.
        run: Does it by recorded steps and ends with ``Steps.complete``; raises ``VmferryError``.
        undo: Removes what an unsuccessful task left outside its work folder and the block store.
    """

    name: str
    run: Callable[[Rooms, Steps], None]
    undo: Callable[[Rooms, Task], None]


def runners(rooms: Rooms) -> dict[str, Runner]:
    """Return every job as the task engine wants it, by name."""
    from vmferry import jobs

    def bind(job: Job) -> Runner:
        return Runner(
            run=lambda steps: job.run(rooms, steps), undo=lambda task: job.undo(rooms, task)
        )

    return {name: bind(job) for name, job in plugins.find(jobs, "JOB", Job).items()}


def nothing_to_undo(_rooms: Rooms, _task: Task) -> None:
    """The ``undo`` of jobs that leave everything in their work folder and the block store."""

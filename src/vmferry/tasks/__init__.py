# SPDX-License-Identifier: Apache-2.0
"""Durable tasks on DBOS, knowing nothing of machines: records, queue, steps, cancel, recovery.

A task is a record (what the API shows) and a DBOS workflow of the same id (what was done). The
record is written first; a task that has a record but no workflow is enqueued at the next start.
"""

from vmferry.tasks.pool import WorkerPool
from vmferry.tasks.records import TaskRecords
from vmferry.tasks.runner import Runner, Tasks
from vmferry.tasks.steps import Steps, check_cancelled

__all__ = ["Runner", "Steps", "TaskRecords", "Tasks", "WorkerPool", "check_cancelled"]

# SPDX-License-Identifier: Apache-2.0
"""The jobs are found, and each is a runner of the task engine."""

from __future__ import annotations

from vmferry import config
from vmferry.jobs import import_snapshot, nothing_to_undo, runners
from vmferry.jobs._rooms import open_rooms


def test_every_job_is_a_runner(tmp_path: object) -> None:
    rooms = open_rooms(config.load(environ={"VMFERRY_STATE_DIR": str(tmp_path)}))
    found = runners(rooms)
    rooms.engine.dispose()
    assert set(found) == {"export_image", "import_image", "import_snapshot"}
    assert import_snapshot.JOB.undo is nothing_to_undo

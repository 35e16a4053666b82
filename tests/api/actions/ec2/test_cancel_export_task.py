# SPDX-License-Identifier: Apache-2.0
"""CancelExportTask over the wire. Source: aws-behaviour.md 3.10."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from tests.api.actions.ec2.conftest import Place, refused

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService


def test_an_export_is_cancelled_and_leaves_no_object(
    place: Place, snapshot: str, cloud: RunningService
) -> None:
    image = place.image("cancelled", snapshot)
    with cloud.paused():
        task_id = place.ec2.export_image(
            ImageId=image,
            DiskImageFormat="RAW",
            S3ExportLocation={"S3Bucket": place.bucket, "S3Prefix": "cancelled/"},
        )["ExportImageTaskId"]
        # AWS's own sample writes the parameter in lower case; the answer is only <return>.
        answer = place.ask(f"Action=CancelExportTask&Version=2016-11-15&exportTaskId={task_id}")
        assert answer.stable == (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<CancelExportTaskResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            "<requestId>UUID</requestId><return>true</return></CancelExportTaskResponse>"
        )
        with refused("IncorrectState"):
            place.ec2.cancel_export_task(ExportTaskId=task_id)
    task = place.export_task(task_id)
    assert (task["Status"], task["StatusMessage"]) == ("deleted", "User cancelled task")
    assert "Progress" not in task
    assert "Contents" not in place.s3.list_objects_v2(Bucket=place.bucket, Prefix="cancelled/")


def test_a_finished_export_cannot_be_cancelled(place: Place, snapshot: str) -> None:
    task_id = place.ec2.export_image(
        ImageId=place.image("finished", snapshot),
        DiskImageFormat="RAW",
        S3ExportLocation={"S3Bucket": place.bucket, "S3Prefix": "finished/"},
    )["ExportImageTaskId"]
    place.export_task(task_id)
    with refused("IncorrectState") as refusal:
        place.ec2.cancel_export_task(ExportTaskId=task_id)
    assert refusal.message == f"The task {task_id} is completed, expected active"
    place.s3.head_object(Bucket=place.bucket, Key=f"finished/{task_id}.raw")


def test_the_last_transfer_cannot_be_cancelled(
    place: Place, snapshot: str, cloud: RunningService
) -> None:
    image = place.image("final", snapshot)
    with cloud.paused():
        task_id = place.ec2.export_image(
            ImageId=image, DiskImageFormat="RAW", S3ExportLocation={"S3Bucket": place.bucket}
        )["ExportImageTaskId"]
        with sqlite3.connect(cloud.state_dir / "vmferry.sqlite") as records:
            records.execute(
                "UPDATE tasks SET detail = ? WHERE id = ?", ('{"final": true}', task_id)
            )
        with refused("IncorrectState") as refusal:
            place.ec2.cancel_export_task(ExportTaskId=task_id)
    assert refusal.message.startswith(
        f"The task {task_id} is transferring the final disk image, which cannot be cancelled"
    )
    assert place.export_task(task_id)["Status"] == "completed"


@pytest.mark.parametrize(
    "task_id", ["export-ami-00000000000000000", "export-i-00000000000000000", "export-ami-?", "x"]
)
def test_an_unknown_task_is_not_found(place: Place, task_id: str) -> None:
    with refused("InvalidExportTaskID.NotFound"):
        place.ec2.cancel_export_task(ExportTaskId=task_id)


def test_it_has_no_dry_run(place: Place) -> None:
    answer = place.ask("Action=CancelExportTask&ExportTaskId=x&DryRun=true")
    assert "<Code>UnknownParameter</Code>" in answer.text

# SPDX-License-Identifier: Apache-2.0
"""CancelImportTask over the wire. Source: aws-behaviour.md 3.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.actions.ec2.conftest import GUEST, Place, dry_run, refused

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService


def test_a_snapshot_import_is_cancelled(place: Place, cloud: RunningService) -> None:
    with cloud.paused():
        task_id = place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"]
        dry_run(place.ec2.cancel_import_task, ImportTaskId=task_id)
        answer = place.ec2.cancel_import_task(ImportTaskId=task_id, CancelReason="No need")
        del answer["ResponseMetadata"]
        assert answer == {
            "ImportTaskId": task_id,
            "PreviousState": "active",
            "State": "deleting",
        }
        with refused("IncorrectState") as refusal:
            place.ec2.cancel_import_task(ImportTaskId=task_id)
        assert task_id in refusal.message
    detail = place.snapshot_end(task_id)
    assert (detail["Status"], detail["StatusMessage"]) == ("deleted", "No need")
    assert not {"Progress", "SnapshotId"} & set(detail)


@pytest.mark.usefixtures("frozen")
def test_an_image_import_is_cancelled(place: Place) -> None:
    task_id = place.ec2.import_image(DiskContainers=[place.source(GUEST)])["ImportTaskId"]
    answer = place.ec2.cancel_import_task(ImportTaskId=task_id)
    assert (answer["PreviousState"], answer["State"]) == ("active", "deleting")
    task = place.ec2.describe_import_image_tasks(ImportTaskIds=[task_id])["ImportImageTasks"][0]
    assert task["Status"] in ("deleting", "deleted")
    assert task["StatusMessage"] == "User cancelled task"
    assert "Progress" not in task


def test_a_finished_task_cannot_be_cancelled(place: Place) -> None:
    task_id = place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"]
    place.snapshot_task(task_id)
    with refused("IncorrectState") as refusal:
        place.ec2.cancel_import_task(ImportTaskId=task_id)
    assert refusal.message == f"The task {task_id} is completed, expected active"


@pytest.mark.parametrize(
    "task_id",
    ["import-ami-00000000000000000", "import-snap-00000000000000000", "import-ami-?", "ami-1", "x"],
)
def test_an_unknown_task_is_malformed_to_aws(place: Place, task_id: str) -> None:
    with refused("InvalidConversionTaskId.Malformed"):
        place.ec2.cancel_import_task(ImportTaskId=task_id)


def test_a_request_without_a_task_is_refused(place: Place) -> None:
    with refused("MissingParameter") as refusal:
        place.ec2.cancel_import_task()
    assert refusal.message == "The request must contain the parameter ImportTaskId"


def test_a_task_of_another_region_is_unknown(place: Place, cloud: RunningService) -> None:
    task_id = place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"]
    with refused("InvalidConversionTaskId.Malformed"):
        cloud.client("ec2", "us-west-2").cancel_import_task(ImportTaskId=task_id)

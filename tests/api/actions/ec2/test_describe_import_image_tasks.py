# SPDX-License-Identifier: Apache-2.0
"""DescribeImportImageTasks over the wire. Source: aws-behaviour.md 3.2, 4."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import GUEST, Place, dry_run, refused


@pytest.fixture(scope="module")
def tasks(place: Place) -> list[str]:
    """An import that succeeded and one that failed."""
    made = [
        place.ec2.import_image(DiskContainers=[place.source(key)])["ImportTaskId"]
        for key in (GUEST, "disk.raw")
    ]
    for task_id in made:
        place.image_task(task_id)
    return made


def test_without_tasks_the_list_is_empty_and_there(place: Place) -> None:
    answer = place.ask("Action=DescribeImportImageTasks&Version=2016-11-15", method="GET")
    assert answer.stable.endswith(
        "<requestId>UUID</requestId><importImageTaskSet/></DescribeImportImageTasksResponse>"
    )


def test_all_are_listed_and_filtered(place: Place, tasks: list[str]) -> None:
    shown = place.ec2.describe_import_image_tasks()["ImportImageTasks"]
    assert [task["ImportTaskId"] for task in shown] == tasks
    assert [task["Status"] for task in shown] == ["completed", "deleted"]
    assert [task["Tags"] for task in shown] == [[], []]
    filters = [{"Name": "task-state", "Values": ["deleted", "deleting"]}]
    failed = place.ec2.describe_import_image_tasks(Filters=filters)["ImportImageTasks"]
    assert [task["ImportTaskId"] for task in failed] == tasks[1:]


def test_a_failed_task_has_what_packer_dereferences(place: Place, tasks: list[str]) -> None:
    task = place.ec2.describe_import_image_tasks(ImportTaskIds=tasks[1:])["ImportImageTasks"][0]
    assert task["Status"] == "deleted"
    assert task["StatusMessage"]
    assert not {"Progress", "ImageId"} & set(task)


def test_while_it_runs_the_status_is_active_and_the_phase_the_message(place: Place) -> None:
    task_id = place.ec2.import_image(DiskContainers=[place.source(GUEST)])["ImportTaskId"]
    seen: list[tuple[str, str, int]] = []

    def describe() -> dict[str, object]:
        answer = place.ec2.describe_import_image_tasks(ImportTaskIds=[task_id])
        task: dict[str, object] = answer["ImportImageTasks"][0]
        if task["Status"] == "active":
            seen.append(
                (str(task["Status"]), str(task["StatusMessage"]), int(str(task["Progress"])))
            )
        return task

    place.service.finished(describe)
    assert {message for _, message, _ in seen} <= {
        "pending", "validating", "validated", "converting", "updating", "booting", "preparing ami",
    }  # fmt: skip
    progress = [percent for _, _, percent in seen]
    assert progress == sorted(progress)
    assert all(percent < 100 for percent in progress)


@pytest.mark.parametrize("task_id", ["import-ami-00000000000000000", "import-ami-ffmjni7l", "x"])
def test_an_unknown_task_is_malformed_to_aws(place: Place, task_id: str) -> None:
    with refused("InvalidConversionTaskId.Malformed") as refusal:
        place.ec2.describe_import_image_tasks(ImportTaskIds=[task_id])
    assert refusal.message == f"The task ID '{task_id}' does not exist or is malformed"


def test_pages(place: Place, tasks: list[str]) -> None:
    first = place.ec2.describe_import_image_tasks(MaxResults=1)
    assert [task["ImportTaskId"] for task in first["ImportImageTasks"]] == tasks[:1]
    second = place.ec2.describe_import_image_tasks(MaxResults=1, NextToken=first["NextToken"])
    assert [task["ImportTaskId"] for task in second["ImportImageTasks"]] == tasks[1:2]


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_import_image_tasks)

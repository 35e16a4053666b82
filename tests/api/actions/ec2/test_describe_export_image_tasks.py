# SPDX-License-Identifier: Apache-2.0
"""DescribeExportImageTasks over the wire. Source: aws-behaviour.md 3.7."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused


@pytest.fixture(scope="module")
def tasks(place: Place, snapshot: str) -> list[str]:
    """Two exports of two images."""
    made = [
        place.ec2.export_image(
            ImageId=place.image(name, snapshot),
            Description=name,
            DiskImageFormat="RAW",
            S3ExportLocation={"S3Bucket": place.bucket, "S3Prefix": "x/"},
        )["ExportImageTaskId"]
        for name in ("first", "second")
    ]
    for task_id in made:
        place.export_task(task_id)
    return made


def test_items_have_image_and_description_and_no_format(place: Place, tasks: list[str]) -> None:
    shown = place.ec2.describe_export_image_tasks(ExportImageTaskIds=tasks[:1])
    task = shown["ExportImageTasks"][0]
    assert task.pop("ImageId").startswith("ami-")
    assert task == {
        "Description": "first",
        "ExportImageTaskId": tasks[0],
        "S3ExportLocation": {"S3Bucket": place.bucket, "S3Prefix": "x/"},
        "Status": "completed",
        "Tags": [],
    }


def test_all_are_listed_paged_and_filtered(place: Place, tasks: list[str]) -> None:
    describe = place.ec2.describe_export_image_tasks
    listed = [task["ExportImageTaskId"] for task in describe()["ExportImageTasks"]]
    assert listed == tasks
    first = describe(MaxResults=1)
    assert [task["ExportImageTaskId"] for task in first["ExportImageTasks"]] == tasks[:1]
    rest = describe(MaxResults=500, NextToken=first["NextToken"])
    assert [task["ExportImageTaskId"] for task in rest["ExportImageTasks"]] == tasks[1:]
    assert "NextToken" not in rest
    for state, number in (("completed", 2), ("active", 0)):
        filters = [{"Name": "task-state", "Values": [state]}]
        assert len(describe(Filters=filters)["ExportImageTasks"]) == number


def test_a_page_has_up_to_500(place: Place) -> None:
    with refused("InvalidMaxResults") as refusal:
        place.ec2.describe_export_image_tasks(MaxResults=501)
    assert refusal.message == "MaxResults is 501, expected 1 to 500"


@pytest.mark.parametrize("task_id", ["export-ami-00000000000000000", "export-i-x", "x"])
def test_an_unknown_task_is_not_found(place: Place, task_id: str) -> None:
    with refused("InvalidExportTaskID.NotFound"):
        place.ec2.describe_export_image_tasks(ExportImageTaskIds=[task_id])


def test_another_region_does_not_see_them(place: Place, tasks: list[str]) -> None:
    other = place.service.client("ec2", "us-west-2")
    assert other.describe_export_image_tasks()["ExportImageTasks"] == []
    with refused("InvalidExportTaskID.NotFound"):
        other.describe_export_image_tasks(ExportImageTaskIds=tasks[:1])


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_export_image_tasks)

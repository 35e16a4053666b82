# SPDX-License-Identifier: Apache-2.0
"""DescribeImportSnapshotTasks over the wire. Source: aws-behaviour.md 3.4, 1.6, 1.7."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused


@pytest.fixture(scope="module")
def tasks(place: Place) -> list[str]:
    """Four tasks that succeeded and one that failed, in the order they were made."""
    tags = [{"Key": "Name", "Value": "third"}]
    spec = [{"ResourceType": "import-snapshot-task", "Tags": tags}]
    made = [
        place.ec2.import_snapshot(
            DiskContainer=place.source(Format="VMDK" if number == 4 else "RAW"),
            **({"TagSpecifications": spec} if number == 2 else {}),
        )["ImportTaskId"]
        for number in range(5)
    ]
    for task_id in made:
        place.snapshot_task(task_id)
    return made


def _listed(place: Place, **params: object) -> list[str]:
    answer = place.ec2.describe_import_snapshot_tasks(**params)
    return [task["ImportTaskId"] for task in answer["ImportSnapshotTasks"]]


def test_without_tasks_the_list_is_empty_and_there(place: Place) -> None:
    answer = place.service.client("ec2", "us-west-2").describe_import_snapshot_tasks()
    assert answer["ImportSnapshotTasks"] == []
    assert "NextToken" not in answer


def test_all_are_listed_in_the_order_they_were_made(place: Place, tasks: list[str]) -> None:
    assert _listed(place) == tasks


def test_tags_are_always_there(place: Place, tasks: list[str]) -> None:
    shown = place.ec2.describe_import_snapshot_tasks(ImportTaskIds=tasks)["ImportSnapshotTasks"]
    assert [len(task["Tags"]) for task in shown] == [0, 0, 1, 0, 0]


def test_a_failed_task_says_why(place: Place, tasks: list[str]) -> None:
    shown = place.ec2.describe_import_snapshot_tasks(ImportTaskIds=tasks[4:])
    detail = shown["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
    assert detail["Status"] == "deleted"
    assert detail["StatusMessage"].startswith("ClientError: Disk validation failed")


@pytest.mark.parametrize(
    ("state", "wanted"), [("completed", [0, 1, 2, 3]), ("deleted", [4]), ("active", [])]
)
def test_the_state_is_a_filter(
    place: Place, tasks: list[str], state: str, wanted: list[int]
) -> None:
    found = _listed(place, Filters=[{"Name": "task-state", "Values": [state]}])
    assert found == [tasks[number] for number in wanted]


def test_tags_are_filters(place: Place, tasks: list[str]) -> None:
    for name, value in (("tag:Name", "th*d"), ("tag-key", "Name"), ("tag:Name", "third")):
        assert _listed(place, Filters=[{"Name": name, "Values": [value]}]) == [tasks[2]]


def test_both_spellings_of_filters_are_taken(place: Place, tasks: list[str]) -> None:
    for name in ("Filter", "Filters"):
        answer = place.ask(
            f"Action=DescribeImportSnapshotTasks&{name}.1.Name=task-state&{name}.1.Value.1=deleted"
        )
        assert tasks[4] in answer.text
        assert tasks[0] not in answer.text


def test_pages_hold_every_task_once(place: Place, tasks: list[str]) -> None:
    paginator = place.ec2.get_paginator("describe_import_snapshot_tasks")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))
    sizes = [len(page["ImportSnapshotTasks"]) for page in pages]
    assert sizes == [2, 2, 1]
    assert [t["ImportTaskId"] for page in pages for t in page["ImportSnapshotTasks"]] == tasks
    assert ["NextToken" in page for page in pages] == [True, True, False]


def test_bad_pages_and_filters_are_refused(place: Place) -> None:
    describe = place.ec2.describe_import_snapshot_tasks
    with refused("InvalidNextToken"):
        describe(NextToken="\u2603")
    with refused("InvalidMaxResults"):
        describe(MaxResults=0)
    with refused("InvalidParameterValue") as refusal:
        describe(Filters=[{"Name": "colour", "Values": ["red"]}])
    assert refusal.message == "The filter 'colour' is invalid"


@pytest.mark.parametrize("task_id", ["import-snap-00000000000000000", "import-ami-ffmjni7l", "x"])
def test_an_unknown_task_is_malformed_to_aws(place: Place, task_id: str) -> None:
    with refused("InvalidConversionTaskId.Malformed"):
        place.ec2.describe_import_snapshot_tasks(ImportTaskIds=[task_id])


def test_another_region_does_not_see_them(place: Place, tasks: list[str]) -> None:
    other = place.service.client("ec2", "us-west-2")
    assert other.describe_import_snapshot_tasks()["ImportSnapshotTasks"] == []
    with refused("InvalidConversionTaskId.Malformed"):
        other.describe_import_snapshot_tasks(ImportTaskIds=tasks[:1])


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_import_snapshot_tasks)

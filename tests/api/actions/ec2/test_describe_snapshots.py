# SPDX-License-Identifier: Apache-2.0
"""DescribeSnapshots over the wire. Source: aws-behaviour.md 9.2, appendix B."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused

from vmferry.api.actions.ec2.describe_snapshots import size_gib
from vmferry.units import GIB


@pytest.fixture(scope="module")
def task_id(place: Place) -> str:
    made = str(place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"])
    place.snapshot_task(made)
    return made


@pytest.fixture(scope="module")
def imported(place: Place, task_id: str) -> str:
    return str(place.snapshot_end(task_id)["SnapshotId"])


def test_an_imported_snapshot_is_that_of_aws(place: Place, imported: str, task_id: str) -> None:
    shown = place.ec2.describe_snapshots(SnapshotIds=[imported])["Snapshots"][0]
    account = place.service.client("sts").get_caller_identity()["Account"]
    for name in ("StartTime", "CompletionTime"):
        age = datetime.now(UTC) - shown.pop(name)
        assert 0 <= age.total_seconds() < 600
    assert shown == {
        "Description": f"Created by AWS-VMImport service for {task_id}",
        "Encrypted": False,
        "OwnerId": account,
        "Progress": "100%",
        "SnapshotId": imported,
        "State": "completed",
        "StorageTier": "standard",
        "Tags": [],
        "VolumeId": "vol-ffffffff",
        "VolumeSize": 1,
    }


def test_the_state_is_called_status_on_the_wire(place: Place, imported: str) -> None:
    answer = place.ask(f"Action=DescribeSnapshots&Version=2014-06-15&SnapshotId.1={imported}")
    assert "<status>completed</status>" in answer.text
    assert "<startTime>TIME</startTime>" in answer.stable


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("description", "Created by AWS-VMImport service for import-snap-*", True),
        ("encrypted", "false", True),
        ("encrypted", "true", False),
        ("owner-alias", "amazon", False),
        ("progress", "100%", True),
        ("start-time", "20*Z", True),
        ("status", "completed", True),
        ("status", "pending", False),
        ("storage-tier", "standard", True),
        ("volume-id", "vol-ffffffff", True),
        ("volume-size", "1", True),
        ("tag-key", "x", False),
    ],
)
def test_filters(place: Place, imported: str, name: str, value: str, *, found: bool) -> None:
    shown = place.ec2.describe_snapshots(Filters=[{"Name": name, "Values": [value]}])["Snapshots"]
    assert (imported in [item["SnapshotId"] for item in shown]) is found


@pytest.mark.usefixtures("imported")
def test_owners(place: Place) -> None:
    assert place.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert place.ec2.describe_snapshots(OwnerIds=["amazon"])["Snapshots"] == []


def test_unknown_snapshots(place: Place) -> None:
    with refused("InvalidSnapshot.NotFound") as refusal:
        place.ec2.describe_snapshots(SnapshotIds=["snap-00000000000000000"])
    assert refusal.message == "The snapshot 'snap-00000000000000000' does not exist."
    with refused("InvalidSnapshotID.Malformed"):
        place.ec2.describe_snapshots(SnapshotIds=["import-snap-00000000000000000"])


def test_another_region_does_not_see_it(place: Place, imported: str) -> None:
    other = place.service.client("ec2", "us-west-2")
    assert other.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    with refused("InvalidSnapshot.NotFound"):
        other.describe_snapshots(SnapshotIds=[imported])


def test_pages(place: Place, imported: str) -> None:
    second = place.snapshot()
    pages = place.ec2.get_paginator("describe_snapshots").paginate(PaginationConfig={"PageSize": 1})
    listed = [[item["SnapshotId"] for item in page["Snapshots"]] for page in pages]
    assert sorted(listed) == sorted([[imported], [second]])


def test_a_size_is_rounded_up_to_whole_gib() -> None:
    assert [size_gib(size) for size in (0, 1, GIB, GIB + 1)] == [1, 1, 1, 2]


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_snapshots)

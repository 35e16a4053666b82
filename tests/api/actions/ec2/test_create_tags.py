# SPDX-License-Identifier: Apache-2.0
"""CreateTags over the wire. Source: aws-behaviour.md 9.3, 1.7."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused


def _tags(place: Place, snapshot: str) -> dict[str, str]:
    shown = place.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
    return {tag["Key"]: tag["Value"] for tag in shown["Tags"]}


def test_tags_are_put_and_replaced_on_every_kind(place: Place) -> None:
    task = place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"]
    snapshot = place.snapshot_end(task)["SnapshotId"]
    image = place.image("tagged", snapshot)
    resources = [task, snapshot, image]
    tags = [{"Key": "b", "Value": ""}, {"Key": "a", "Value": "\u00e4 <&>"}]
    dry_run(place.ec2.create_tags, Resources=resources, Tags=tags)
    assert _tags(place, snapshot) == {}
    place.ec2.create_tags(Resources=resources, Tags=tags)
    place.ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "b", "Value": "2"}])
    assert _tags(place, snapshot) == {"a": "\u00e4 <&>", "b": "2"}
    shown = place.ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])
    assert shown["ImportSnapshotTasks"][0]["Tags"] == [tags[1], tags[0]]
    assert place.ec2.describe_images(ImageIds=[image])["Images"][0]["Tags"] == [tags[1], tags[0]]


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("snap-00000000000000000", "InvalidSnapshot.NotFound"),
        ("ami-00000000000000000", "InvalidAMIID.NotFound"),
        ("import-ami-00000000000000000", "InvalidID"),
        ("export-ami-00000000000000000", "InvalidID"),
        ("lamp-1", "InvalidID"),
    ],
)
def test_an_unknown_resource_has_the_code_of_its_kind(
    place: Place, snapshot: str, resource: str, code: str
) -> None:
    with refused(code):
        place.ec2.create_tags(Resources=[snapshot, resource], Tags=[{"Key": "k", "Value": "v"}])
    assert "k" not in _tags(place, snapshot)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("x" * 128, "", "has 128 characters, expected 1 to 127"),
        ("k", "v" * 257, "has 257 characters, expected up to 256"),
        ("aws:x", "", "uses the reserved 'aws:'"),
        ("AWS:x", "", "uses the reserved 'aws:'"),
    ],
)
def test_what_ec2_refuses_is_refused(
    place: Place, snapshot: str, key: str, value: str, text: str
) -> None:
    with refused("InvalidParameterValue") as refusal:
        place.ec2.create_tags(Resources=[snapshot], Tags=[{"Key": key, "Value": value}])
    assert text in refusal.message


def test_a_resource_has_up_to_50(place: Place) -> None:
    snapshot = place.snapshot()
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    place.ec2.create_tags(Resources=[snapshot], Tags=tags)
    place.ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "k1", "Value": "again"}])
    with refused("TagLimitExceeded"):
        place.ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "more", "Value": ""}])


def test_the_xml_is_what_ec2_writes(place: Place, snapshot: str) -> None:
    answer = place.ask(f"Action=CreateTags&ResourceId.1={snapshot}&Tag.1.Key=k&Tag.1.Value=")
    assert answer.stable == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<CreateTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>UUID</requestId><return>true</return></CreateTagsResponse>"
    )

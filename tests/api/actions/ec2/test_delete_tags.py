# SPDX-License-Identifier: Apache-2.0
"""DeleteTags over the wire. Source: aws-behaviour.md 9.3."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused


@pytest.fixture
def tagged(place: Place, snapshot: str) -> str:
    """A snapshot with three tags."""
    tags = [{"Key": key, "Value": value} for key, value in (("a", "1"), ("b", ""), ("c", "3"))]
    place.ec2.create_tags(Resources=[snapshot], Tags=tags)
    return snapshot


@pytest.mark.parametrize(
    ("tags", "left"),
    [
        ([{"Key": "a"}, {"Key": "b"}], "c"),
        ([{"Key": "a", "Value": "1"}], "bc"),
        ([{"Key": "a", "Value": "2"}], "abc"),
        ([{"Key": "a", "Value": ""}, {"Key": "b", "Value": ""}], "ac"),
        ([{"Key": "nothing"}], "abc"),
    ],
)
def test_a_value_must_fit_if_it_is_given(
    place: Place, tagged: str, tags: list[dict[str, str]], left: str
) -> None:
    dry_run(place.ec2.delete_tags, Resources=[tagged], Tags=tags)
    place.ec2.delete_tags(Resources=[tagged], Tags=tags)
    shown = place.ec2.describe_snapshots(SnapshotIds=[tagged])["Snapshots"][0]["Tags"]
    assert "".join(tag["Key"] for tag in shown) == left


def test_without_tags_all_go(place: Place, tagged: str) -> None:
    place.ec2.delete_tags(Resources=[tagged])
    assert place.ec2.describe_snapshots(SnapshotIds=[tagged])["Snapshots"][0]["Tags"] == []


def test_an_unknown_resource_is_refused(place: Place, tagged: str) -> None:
    with refused("InvalidSnapshot.NotFound"):
        place.ec2.delete_tags(Resources=[tagged, "snap-00000000000000000"])
    assert place.ec2.describe_snapshots(SnapshotIds=[tagged])["Snapshots"][0]["Tags"]
    with refused("InvalidSnapshot.NotFound"):
        place.service.client("ec2", "us-west-2").delete_tags(Resources=[tagged])

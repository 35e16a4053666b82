# SPDX-License-Identifier: Apache-2.0
"""DescribeTags over the wire. Source: aws-behaviour.md 9.3."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused


@pytest.fixture(scope="module")
def tagged(place: Place, snapshot: str) -> dict[str, str]:
    """A snapshot and an image with tags, by kind."""
    image = place.image("tagged", snapshot)
    place.ec2.create_tags(
        Resources=[snapshot], Tags=[{"Key": "Name", "Value": "disk"}, {"Key": "n", "Value": "1"}]
    )
    place.ec2.create_tags(
        Resources=[image],
        Tags=[{"Key": "Name", "Value": "machine"}]
        + [{"Key": f"k{number}", "Value": ""} for number in range(5)],
    )
    return {"snapshot": snapshot, "image": image}


def _found(place: Place, name: str, value: str) -> set[tuple[str, str]]:
    shown = place.ec2.describe_tags(Filters=[{"Name": name, "Values": [value]}])["Tags"]
    return {(tag["ResourceType"], tag["Key"]) for tag in shown}


def test_a_tag_names_its_resource(place: Place, tagged: dict[str, str]) -> None:
    shown = place.ec2.describe_tags(Filters=[{"Name": "value", "Values": ["disk"]}])["Tags"]
    assert shown == [
        {
            "Key": "Name",
            "ResourceId": tagged["snapshot"],
            "ResourceType": "snapshot",
            "Value": "disk",
        }
    ]


def test_filters(place: Place, tagged: dict[str, str]) -> None:
    both = {("snapshot", "Name"), ("image", "Name")}
    assert _found(place, "key", "N?me") == both
    assert _found(place, "tag:Name", "*") == both
    assert _found(place, "resource-type", "snapshot") == {("snapshot", "Name"), ("snapshot", "n")}
    assert _found(place, "resource-id", tagged["snapshot"]) == _found(
        place, "resource-type", "snapshot"
    )
    assert _found(place, "value", "1") == {("snapshot", "n")}
    with refused("InvalidParameterValue"):
        _found(place, "colour", "red")


def test_pages_have_5_to_1000(place: Place, tagged: dict[str, str]) -> None:
    pages = place.ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 5})
    listed = [[(tag["ResourceId"], tag["Key"]) for tag in page["Tags"]] for page in pages]
    assert [len(page) for page in listed] == [5, 3]
    assert len({tag for page in listed for tag in page}) == 8
    for size in (4, 1001):
        with refused("InvalidMaxResults"):
            place.ec2.describe_tags(MaxResults=size)
    assert tagged


def test_another_region_has_none(place: Place) -> None:
    assert place.service.client("ec2", "us-west-2").describe_tags()["Tags"] == []


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_tags)

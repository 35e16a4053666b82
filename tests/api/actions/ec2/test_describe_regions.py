# SPDX-License-Identifier: Apache-2.0
"""DescribeRegions over the wire; osbuild and the console begin with it (clients.md)."""

from __future__ import annotations

from tests.api.actions.ec2.conftest import Place, dry_run, refused


def test_regions_are_those_that_clients_know(place: Place) -> None:
    regions = place.ec2.describe_regions()["Regions"]
    names = [region["RegionName"] for region in regions]
    assert {"us-east-1", "eu-central-1", place.region} <= set(names)
    assert names == sorted(names)
    assert all(region["Endpoint"] for region in regions)


def test_names_and_filters_choose(place: Place) -> None:
    shown = place.ec2.describe_regions(RegionNames=["eu-south-1", "us-east-1"])["Regions"]
    assert {region["RegionName"]: region["OptInStatus"] for region in shown} == {
        "eu-south-1": "opted-in",
        "us-east-1": "opt-in-not-required",
    }
    filters = [
        {"Name": "region-name", "Values": ["us-*"]},
        {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
    ]
    shown = place.ec2.describe_regions(Filters=filters)["Regions"]
    assert {region["RegionName"] for region in shown} == {
        "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    }  # fmt: skip


def test_an_unknown_region_is_refused(place: Place) -> None:
    with refused("InvalidParameterValue") as refusal:
        place.ec2.describe_regions(RegionNames=["us-east-1", "mars-north-1"])
    assert refusal.message == "Invalid region names: mars-north-1"


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_regions)

# SPDX-License-Identifier: Apache-2.0
"""DescribeAvailabilityZones over the wire."""

from __future__ import annotations

from tests.api.actions.ec2.conftest import Place, dry_run, refused


def test_every_region_has_three_zones(place: Place) -> None:
    zones = place.ec2.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == [f"{place.region}{c}" for c in "abc"]
    assert {zone["State"] for zone in zones} == {"available"}
    assert {zone["RegionName"] for zone in zones} == {place.region}
    assert len({zone["ZoneId"] for zone in zones}) == 3


def test_names_ids_and_filters_choose(place: Place) -> None:
    zones = place.ec2.describe_availability_zones()["AvailabilityZones"]
    for params in (
        {"ZoneNames": [zones[1]["ZoneName"]]},
        {"ZoneIds": [zones[1]["ZoneId"]]},
        {"Filters": [{"Name": "zone-name", "Values": ["*b"]}]},
        {"Filters": [{"Name": "zone-id", "Values": ["*-az2"]}]},
    ):
        assert place.ec2.describe_availability_zones(**params)["AvailabilityZones"] == zones[1:2]
    filters = [{"Name": "state", "Values": ["impaired"]}]
    assert place.ec2.describe_availability_zones(Filters=filters)["AvailabilityZones"] == []


def test_an_unknown_zone_is_refused(place: Place) -> None:
    with refused("InvalidParameterValue") as refusal:
        place.ec2.describe_availability_zones(ZoneNames=["mars-north-1a"])
    assert refusal.message == "Invalid availability zone: [mars-north-1a]"


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_availability_zones)

# SPDX-License-Identifier: Apache-2.0
"""Region names and zone ids."""

from __future__ import annotations

import pytest

from vmferry.api.actions.ec2._regions import NOT_OPT_IN, all_regions, opt_in_status, zone_id


def test_every_region_that_needs_no_opt_in_is_known() -> None:
    assert set(all_regions()) >= NOT_OPT_IN


@pytest.mark.parametrize(
    ("region", "zone", "expected"),
    [
        ("us-east-1", "a", "use1-az1"),
        ("us-west-2", "c", "usw2-az3"),
        ("eu-central-1", "b", "euc1-az2"),
        ("ap-southeast-3", "a", "apse3-az1"),
        ("mx-central-1", "a", "mxc1-az1"),
    ],
)
def test_zone_ids_are_as_aws_builds_them(region: str, zone: str, expected: str) -> None:
    assert zone_id(region, zone) == expected


def test_every_region_has_zone_ids_of_its_own() -> None:
    assert len({zone_id(region, "a") for region in all_regions()}) == len(all_regions())


def test_later_regions_are_opted_in() -> None:
    assert opt_in_status("eu-south-2") == "opted-in"
    assert opt_in_status("eu-west-1") == "opt-in-not-required"

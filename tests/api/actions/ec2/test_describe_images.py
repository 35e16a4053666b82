# SPDX-License-Identifier: Apache-2.0
"""DescribeImages over the wire. Source: aws-behaviour.md 9.1, appendix B."""

from __future__ import annotations

import re

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused


@pytest.fixture(scope="module")
def images(place: Place, snapshot: str) -> dict[str, str]:
    """Two images by name."""
    spec = [{"ResourceType": "image", "Tags": [{"Key": "Stage", "Value": "prod"}]}]
    return {
        "alpha": place.image("alpha", snapshot, Description="the first", TagSpecifications=spec),
        "beta": place.image("beta", snapshot, snapshot, Architecture="i386", EnaSupport=True),
    }


def _names(place: Place, **params: object) -> list[str]:
    return sorted(image["Name"] for image in place.ec2.describe_images(**params)["Images"])


def test_every_member_of_aws_is_there(place: Place, images: dict[str, str]) -> None:
    image = place.ec2.describe_images(ImageIds=[images["alpha"]])["Images"][0]
    assert set(image) == {
        "Architecture", "BlockDeviceMappings", "CreationDate", "Description", "EnaSupport",
        "Hypervisor", "ImageId", "ImageLocation", "ImageType", "Name", "OwnerId",
        "PlatformDetails", "Public", "RootDeviceName", "RootDeviceType", "State", "Tags",
        "UsageOperation", "VirtualizationType",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", image["CreationDate"])


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("name", "al*", ["alpha"]),
        ("name", "ALPHA", []),
        ("architecture", "i386", ["beta"]),
        ("description", "the first", ["alpha"]),
        ("block-device-mapping.device-name", "/dev/sdb", ["beta"]),
        ("block-device-mapping.volume-size", "1", ["alpha", "beta"]),
        ("block-device-mapping.delete-on-termination", "true", ["alpha", "beta"]),
        ("block-device-mapping.encrypted", "true", []),
        ("ena-support", "true", ["beta"]),
        ("hypervisor", "xen", ["alpha", "beta"]),
        ("image-type", "machine", ["alpha", "beta"]),
        ("is-public", "false", ["alpha", "beta"]),
        ("platform", "windows", []),
        ("root-device-name", "/dev/sda", ["alpha", "beta"]),
        ("root-device-type", "ebs", ["alpha", "beta"]),
        ("state", "available", ["alpha", "beta"]),
        ("virtualization-type", "hvm", ["alpha", "beta"]),
        ("tag:Stage", "pro?", ["alpha"]),
        ("tag-key", "Stage", ["alpha"]),
        ("creation-date", "20*", ["alpha", "beta"]),
    ],
)
@pytest.mark.usefixtures("images")
def test_filters(place: Place, name: str, value: str, found: list[str]) -> None:
    assert _names(place, Filters=[{"Name": name, "Values": [value]}]) == found


def test_filters_of_ids(place: Place, images: dict[str, str], snapshot: str) -> None:
    owner = place.ec2.describe_images(ImageIds=[images["beta"]])["Images"][0]["OwnerId"]
    for name, value in (
        ("image-id", images["beta"]),
        ("block-device-mapping.snapshot-id", snapshot),
        ("owner-id", owner),
        ("manifest-location", f"{owner}/b*"),
    ):
        assert "beta" in _names(place, Filters=[{"Name": name, "Values": [value]}])


def test_values_are_alternatives_and_filters_conditions(
    place: Place, images: dict[str, str]
) -> None:
    both = {"Name": "name", "Values": list(images)}
    assert _names(place, Filters=[both]) == ["alpha", "beta"]
    assert _names(place, Filters=[both, {"Name": "architecture", "Values": ["i386"]}]) == ["beta"]
    with refused("InvalidParameterValue"):
        place.ec2.describe_images(Filters=[{"Name": "size", "Values": ["1"]}])


@pytest.mark.usefixtures("images")
def test_owners(place: Place) -> None:
    account = place.service.client("sts").get_caller_identity()["Account"]
    assert _names(place, Owners=["self"]) == ["alpha", "beta"]
    assert _names(place, Owners=["amazon", account]) == ["alpha", "beta"]
    assert _names(place, Owners=["amazon"]) == []
    assert _names(place, ExecutableUsers=["all"]) == []


def test_unknown_images(place: Place, images: dict[str, str]) -> None:
    with refused("InvalidAMIID.NotFound") as refusal:
        place.ec2.describe_images(ImageIds=[images["alpha"], "ami-00000000000000000"])
    assert refusal.message == "The image id '[ami-00000000000000000]' does not exist"
    with refused("InvalidAMIID.Malformed") as refusal:
        place.ec2.describe_images(ImageIds=["snap-1"])
    assert refusal.message == 'Invalid id: "snap-1"'


def test_another_region_does_not_see_them(place: Place, images: dict[str, str]) -> None:
    other = place.service.client("ec2", "us-west-2")
    assert other.describe_images(Owners=["self"])["Images"] == []
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[images["alpha"]])


def test_a_deregistered_image_is_neither_listed_nor_available(place: Place, snapshot: str) -> None:
    gone = place.image("gone", snapshot)
    place.ec2.deregister_image(ImageId=gone)
    assert "gone" not in _names(place)
    with refused("InvalidAMIID.Unavailable"):
        place.ec2.describe_images(ImageIds=[gone])


def test_pages(place: Place, images: dict[str, str]) -> None:
    pages = place.ec2.get_paginator("describe_images").paginate(PaginationConfig={"PageSize": 1})
    listed = [[image["ImageId"] for image in page["Images"]] for page in pages]
    assert sorted(listed) == sorted([image] for image in images.values())


def test_a_dry_run_says_so(place: Place) -> None:
    dry_run(place.ec2.describe_images)

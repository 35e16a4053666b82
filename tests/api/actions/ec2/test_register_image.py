# SPDX-License-Identifier: Apache-2.0
"""RegisterImage over the wire. Source: aws-behaviour.md 9.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.api.actions.ec2.conftest import Place, dry_run, refused

if TYPE_CHECKING:
    from tests.fixtures.service import RunningService


@pytest.fixture
def params(snapshot: str) -> dict[str, Any]:
    """The parameters of a good registration."""
    return {
        "Name": "image",
        "RootDeviceName": "/dev/sda1",
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    }


def _shown(place: Place, params: dict[str, Any]) -> dict[str, Any]:
    image_id = place.ec2.register_image(**params)["ImageId"]
    image = place.ec2.describe_images(ImageIds=[image_id])["Images"][0]
    place.ec2.deregister_image(ImageId=image_id)
    return dict(image)


def test_the_defaults_are_those_of_aws(place: Place, params: dict[str, Any], snapshot: str) -> None:
    image = _shown(place, params)
    assert (image["Architecture"], image["VirtualizationType"]) == ("i386", "paravirtual")
    assert image["BlockDeviceMappings"][0]["Ebs"] == {
        "DeleteOnTermination": True,
        "Encrypted": False,
        "SnapshotId": snapshot,
        "VolumeSize": 1,
        "VolumeType": "gp2",
    }
    assert image["EnaSupport"] is False
    assert image["State"] == "available"
    assert not {"BootMode", "Description", "TpmSupport", "ImdsSupport"} & set(image)


def test_everything_given_is_kept(place: Place, params: dict[str, Any]) -> None:
    params["BlockDeviceMappings"][0]["Ebs"] |= {
        "VolumeSize": 20,
        "VolumeType": "gp3",
        "DeleteOnTermination": False,
    }
    params["BlockDeviceMappings"] += [
        {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
        {"DeviceName": "/dev/sdc", "NoDevice": ""},
    ]
    given: dict[str, Any] = {
        "Architecture": "x86_64",
        "BootMode": "uefi-preferred",
        "Description": "<d> & more",
        "EnaSupport": True,
        "ImdsSupport": "v2.0",
        "SriovNetSupport": "simple",
        "TpmSupport": "v2.0",
        "VirtualizationType": "hvm",
    }
    tags = [{"Key": "k", "Value": "v"}]
    spec = [{"ResourceType": "image", "Tags": tags}]
    image = _shown(place, {**params, **given, "TagSpecifications": spec, "UefiData": "x" * 64_000})
    assert {name: image[name] for name in given} == given
    assert image["Tags"] == tags
    assert len(image["BlockDeviceMappings"]) == 1
    ebs = image["BlockDeviceMappings"][0]["Ebs"]
    assert (ebs["VolumeSize"], ebs["VolumeType"]) == (20, "gp3")
    assert ebs["DeleteOnTermination"] is False


def test_the_root_is_the_first_disk_unless_named(place: Place, params: dict[str, Any]) -> None:
    del params["RootDeviceName"]
    assert _shown(place, params)["RootDeviceName"] == "/dev/sda1"


@pytest.mark.parametrize("name", ["abc", "a" * 128, "A-z0/9.(x)[y] '@_"])
def test_a_good_name_is_taken(place: Place, params: dict[str, Any], name: str) -> None:
    assert _shown(place, {**params, "Name": name})["Name"] == name


@pytest.mark.parametrize("name", ["a" * 129, "bad:name", "bad\u00e9", "new\nline"])
def test_a_bad_name_is_malformed(place: Place, params: dict[str, Any], name: str) -> None:
    with refused("InvalidAMIName.Malformed") as refusal:
        place.ec2.register_image(**{**params, "Name": name})
    assert "expected 3 to 128 letters" in refusal.message


def test_a_short_name_is_malformed(place: Place) -> None:
    # botocore does not send it.
    answer = place.ask("Action=RegisterImage&Version=2016-11-15&Name=ab")
    assert "<Code>InvalidAMIName.Malformed</Code>" in answer.text


def test_a_name_is_used_once_in_a_region(
    place: Place, params: dict[str, Any], snapshot: str
) -> None:
    first = place.ec2.register_image(**params)["ImageId"]
    with refused("InvalidAMIName.Duplicate") as refusal:
        place.ec2.register_image(**params)
    assert refusal.message == f"AMI name image is already in use by AMI {first}"
    place.ec2.deregister_image(ImageId=first)
    place.ec2.deregister_image(ImageId=place.image("image", snapshot))


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"Architecture": "vax"}, "InvalidParameterValue",
         "Value (vax) for parameter architecture is invalid. Valid value(s): i386, x86_64, arm64"),
        ({"BootMode": "openfirmware"}, "InvalidParameterValue", "parameter bootMode is invalid"),
        ({"VirtualizationType": "kvm"}, "InvalidParameterValue", "value(s): hvm, paravirtual"),
        ({"TpmSupport": "v1.2"}, "InvalidParameterValue", "parameter tpmSupport is invalid"),
        ({"UefiData": "x" * 64_001}, "InvalidParameterValue", "more than 64000 characters"),
        ({"BlockDeviceMappings": []}, "MissingParameter",
         "The request must contain the parameter ebs"),
        ({"RootDeviceName": "/dev/xvda"}, "MissingParameter",
         "The request must contain the parameter ebs"),
        ({"TagSpecifications": [{"ResourceType": "snapshot", "Tags": [{"Key": "k"}]}]},
         "InvalidParameterValue", "'snapshot' is not a valid taggable resource type"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused(
    place: Place, params: dict[str, Any], change: dict[str, Any], code: str, text: str
) -> None:
    with refused(code) as refusal:
        place.ec2.register_image(**{**params, **change})
    assert text in refusal.message


@pytest.mark.parametrize(
    ("ebs", "code", "text"),
    [
        ({"SnapshotId": "snap-00000000000000000"}, "InvalidSnapshot.NotFound",
         "The snapshot 'snap-00000000000000000' does not exist."),
        ({"SnapshotId": "snap-1"}, "InvalidSnapshotID.Malformed", 'Invalid id: "snap-1"'),
        ({"VolumeSize": 1}, "InvalidBlockDeviceMapping", "has no snapshot"),
        ({"Encrypted": True}, "InvalidBlockDeviceMapping", "snapshot and an encryption state"),
        ({"VolumeSize": 0}, "InvalidBlockDeviceMapping", "expect size >= 1GB"),
        ({"VolumeType": "tape"}, "InvalidParameterValue", "parameter volumeType is invalid"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused(
    place: Place, params: dict[str, Any], snapshot: str, ebs: dict[str, Any], code: str, text: str
) -> None:
    if text != "has no snapshot":
        ebs = {"SnapshotId": snapshot, **ebs}
    params["BlockDeviceMappings"] = [{"DeviceName": "/dev/sda1", "Ebs": ebs}]
    with refused(code) as refusal:
        place.ec2.register_image(**params)
    assert text in refusal.message


def test_a_device_named_twice_is_refused(place: Place, params: dict[str, Any]) -> None:
    params["BlockDeviceMappings"] *= 2
    with refused("InvalidBlockDeviceMapping") as refusal:
        place.ec2.register_image(**params)
    assert refusal.message == "The device '/dev/sda1' is named twice"


def test_a_snapshot_of_another_region_does_not_exist(
    params: dict[str, Any], cloud: RunningService
) -> None:
    with refused("InvalidSnapshot.NotFound"):
        cloud.client("ec2", "us-west-2").register_image(**params)


def test_a_dry_run_registers_nothing(place: Place, params: dict[str, Any]) -> None:
    dry_run(place.ec2.register_image, **params)
    assert place.ec2.describe_images(Owners=["self"])["Images"] == []

# SPDX-License-Identifier: Apache-2.0
"""DeregisterImage over the wire. Source: aws-behaviour.md 9.1."""

from __future__ import annotations

from tests.api.actions.ec2.conftest import Place, dry_run, refused


def test_the_snapshots_stay_unless_asked_for(place: Place, snapshot: str) -> None:
    image = place.image("plain", snapshot)
    dry_run(place.ec2.deregister_image, ImageId=image)
    answer = place.ec2.deregister_image(ImageId=image)
    assert answer["Return"] is True
    assert answer["DeleteSnapshotResults"] == []
    assert place.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    with refused("InvalidAMIID.Unavailable") as refusal:
        place.ec2.deregister_image(ImageId=image)
    assert refusal.message == f"The image id '[{image}]' is no longer available"


def test_its_snapshots_go_unless_another_image_uses_them(place: Place, snapshot: str) -> None:
    own = place.snapshot()
    spec = [{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}]
    image = place.image("both", own, snapshot, own, TagSpecifications=spec)
    other = place.image("other", snapshot)
    answer = place.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert answer["DeleteSnapshotResults"] == [
        {"SnapshotId": own, "ReturnCode": "success"},
        {"SnapshotId": snapshot, "ReturnCode": "skipped"},
    ]
    with refused("InvalidSnapshot.NotFound"):
        place.ec2.describe_snapshots(SnapshotIds=[own])
    assert place.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert place.ec2.describe_tags()["Tags"] == []
    place.ec2.deregister_image(ImageId=other)


def test_unknown_images(place: Place, snapshot: str) -> None:
    with refused("InvalidAMIID.NotFound"):
        place.ec2.deregister_image(ImageId="ami-00000000000000000")
    with refused("InvalidAMIID.Malformed"):
        place.ec2.deregister_image(ImageId="image")
    image = place.image("mine", snapshot)
    with refused("InvalidAMIID.NotFound"):
        place.service.client("ec2", "us-west-2").deregister_image(ImageId=image)


def test_the_xml_is_what_ec2_writes(place: Place, snapshot: str) -> None:
    image = place.image("xml", snapshot)
    answer = place.ask(f"Action=DeregisterImage&Version=2016-11-15&ImageId={image}")
    assert answer.stable == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DeregisterImageResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>UUID</requestId><return>true</return><deleteSnapshotResultSet/>"
        "</DeregisterImageResponse>"
    )

# SPDX-License-Identifier: Apache-2.0
"""DeleteSnapshot over the wire. Source: aws-behaviour.md 9.2."""

from __future__ import annotations

from tests.api.actions.ec2.conftest import Place, dry_run, refused, wait_until


def test_a_snapshot_is_deleted_with_its_tags_and_bytes(place: Place) -> None:
    place.put("other.raw", b"\x5a" * (1 << 20))
    snapshot = place.snapshot("other.raw")
    place.ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "k", "Value": "v"}])
    maps = place.service.state_dir / "blocks" / "maps"
    before = {path.name for path in maps.rglob("*") if path.is_file()}
    dry_run(place.ec2.delete_snapshot, SnapshotId=snapshot)
    place.ec2.delete_snapshot(SnapshotId=snapshot)
    with refused("InvalidSnapshot.NotFound"):
        place.ec2.delete_snapshot(SnapshotId=snapshot)
    assert place.ec2.describe_tags()["Tags"] == []
    wait_until(lambda: len({path for path in maps.rglob("*") if path.is_file()}) < len(before))


def test_a_snapshot_that_an_image_uses_stays(place: Place, snapshot: str) -> None:
    image = place.image("uses", snapshot)
    with refused("InvalidSnapshot.InUse") as refusal:
        place.ec2.delete_snapshot(SnapshotId=snapshot)
    assert refusal.message == f"The snapshot {snapshot} is currently in use by {image}"
    place.ec2.deregister_image(ImageId=image)
    place.ec2.delete_snapshot(SnapshotId=snapshot)


def test_bad_ids(place: Place) -> None:
    with refused("InvalidSnapshotID.Malformed"):
        place.ec2.delete_snapshot(SnapshotId="snap-XYZ")
    with refused("InvalidSnapshot.NotFound"):
        place.ec2.delete_snapshot(SnapshotId="snap-00000000")


def test_another_region_cannot_delete_it(place: Place) -> None:
    other = place.service.client("ec2", "us-west-2")
    mine = place.snapshot()
    with refused("InvalidSnapshot.NotFound"):
        other.delete_snapshot(SnapshotId=mine)
    assert place.ec2.describe_snapshots(SnapshotIds=[mine])["Snapshots"]


def test_a_missing_id_is_named(place: Place) -> None:
    answer = place.ask("Action=DeleteSnapshot&Version=2016-11-15")
    assert answer.status == 400
    assert answer.stable == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        "<Code>MissingParameter</Code>"
        "<Message>The request must contain the parameter SnapshotId</Message>"
        "</Error></Errors><RequestID>UUID</RequestID></Response>"
    )

# SPDX-License-Identifier: Apache-2.0
"""Resource types by ids; the refusals are seen in CreateTags' tests."""

from __future__ import annotations

import pytest
from tests.api.actions.ec2.conftest import Place, refused

from vmferry.api.actions.ec2._resources import resource_type


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("ami-0123456789abcdef0", "image"),
        ("snap-0123456789abcdef0", "snapshot"),
        ("import-ami-ffmjni7l", "import-image-task"),
        ("import-snap-247b055a63e5a470t", "import-snapshot-task"),
        ("export-ami-07b027f4b1a649986", "export-image-task"),
        ("vpc-1", ""),
        ("ami", ""),
        ("", ""),
    ],
)
def test_the_prefix_tells_the_type(resource: str, kind: str) -> None:
    assert resource_type(resource) == kind


def test_a_resource_of_another_region_is_unknown(place: Place, snapshot: str) -> None:
    task = place.ec2.import_snapshot(DiskContainer=place.source())["ImportTaskId"]
    other = place.service.client("ec2", "us-west-2")
    for resource, code in ((snapshot, "InvalidSnapshot.NotFound"), (task, "InvalidID")):
        with refused(code):
            other.create_tags(Resources=[resource], Tags=[{"Key": "k", "Value": "v"}])

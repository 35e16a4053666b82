# SPDX-License-Identifier: Apache-2.0
"""Images as records: names, owners, and what stays of a deregistered one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.catalog.records import OWNER, STRANGERS, image

from vmferry.catalog.images import Images, add, users
from vmferry.errors import ApiError
from vmferry.model.catalog import BlockDevice

if TYPE_CHECKING:
    from sqlalchemy import Engine


def test_a_record_comes_back_as_it_was(engine: Engine) -> None:
    full = replace(
        image("Debian 12 (ö)", snapshots=("snap-1",)),
        platform="windows",
        virtualization_type="paravirtual",
        ena_support=True,
        platform_details="Windows",
        usage_operation="RunInstances:0002",
        devices=(
            BlockDevice(
                device_name="/dev/xvda",
                snapshot_id="snap-1",
                volume_size_gib=16384,
                volume_type="gp3",
                delete_on_termination=False,
                encrypted=True,
            ),
            BlockDevice(device_name="/dev/sdb", snapshot_id="snap-2", volume_size_gib=1),
        ),
    )
    Images(engine).register(full)
    assert Images(engine).find(OWNER, full.id) == full
    assert Images(engine).owned(OWNER) == [full]


def test_others_images_do_not_exist(engine: Engine) -> None:
    images, mine = Images(engine), image()
    images.register(mine)
    for stranger in STRANGERS:
        assert images.owned(stranger) == []
        for use in (images.find, images.deregister):
            with pytest.raises(ApiError) as caught:
                use(stranger, mine.id)
            assert (caught.value.code, caught.value.message) == (
                "InvalidAMIID.NotFound",
                f"The image id '[{mine.id}]' does not exist",
            )
    assert images.find(OWNER, mine.id) == mine


@pytest.mark.parametrize("image_id", ["", "ami-", "ami-xyz", "snap-0123456789abcdef0", "ami-1 "])
def test_ids_that_are_none(engine: Engine, image_id: str) -> None:
    with pytest.raises(ApiError) as caught:
        Images(engine).find(OWNER, image_id)
    assert (caught.value.code, caught.value.message) == (
        "InvalidAMIID.Malformed",
        f'Invalid id: "{image_id}"',
    )


def test_a_name_is_used_once_per_owner(engine: Engine) -> None:
    images, first = Images(engine), image("debian")
    images.register(first)
    for stranger in STRANGERS:
        images.register(image("debian", owner=stranger))
    images.register(image("Debian"))
    with pytest.raises(ApiError) as caught:
        images.register(image("debian"))
    assert (caught.value.code, caught.value.message) == (
        "InvalidAMIName.Duplicate",
        f"AMI name debian is already in use by AMI {first.id}",
    )
    assert len(images.owned(OWNER)) == 2


def test_a_deregistered_image_is_unavailable_and_its_name_free(engine: Engine) -> None:
    images, first = Images(engine), image("debian")
    images.register(first)
    assert images.deregister(OWNER, first.id) == first
    assert images.owned(OWNER) == []
    for use in (images.find, images.deregister):
        with pytest.raises(ApiError) as caught:
            use(OWNER, first.id)
        assert (caught.value.code, caught.value.message) == (
            "InvalidAMIID.Unavailable",
            f"The image id '[{first.id}]' is no longer available",
        )
    second = image("debian")
    images.register(second)
    assert images.owned(OWNER) == [second]


def test_a_record_is_part_of_the_callers_transaction(engine: Engine) -> None:
    with engine.connect() as connection:
        add(connection, image())
        connection.rollback()
    assert Images(engine).owned(OWNER) == []


def test_who_uses_a_snapshot(engine: Engine) -> None:
    images = Images(engine)
    one, two = image("one", snapshots=("snap-a", "snap-b")), image("two", snapshots=("snap-b",))
    other = image("one", owner=STRANGERS[0], snapshots=("snap-b",))
    for each in (one, two, other):
        images.register(each)
    images.deregister(OWNER, two.id)
    with engine.connect() as connection:
        assert users(connection, "snap-a") == [one.id]
        assert sorted(users(connection, "snap-b")) == sorted([one.id, other.id])
        assert users(connection, "snap") == []

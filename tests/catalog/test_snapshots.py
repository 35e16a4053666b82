# SPDX-License-Identifier: Apache-2.0
"""Snapshots as records: owners, maps, and what an image holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.catalog.records import OWNER, STRANGERS, image, snapshot

from vmferry.catalog.images import Images
from vmferry.catalog.snapshots import Snapshots, add
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from vmferry.model.catalog import Snapshot


def _record(engine: Engine, *made: Snapshot) -> Snapshots:
    with engine.begin() as connection:
        for each in made:
            add(connection, each)
    return Snapshots(engine)


def test_a_record_comes_back_as_it_was(engine: Engine) -> None:
    mine = replace(snapshot(), state="error", encrypted=True, kms_key_id="arn:aws:kms:…")
    records = _record(engine, mine)
    assert records.find(OWNER, mine.id) == mine
    assert records.owned(OWNER) == [mine]


def test_others_snapshots_do_not_exist(engine: Engine) -> None:
    mine = snapshot()
    records = _record(engine, mine)
    for stranger in STRANGERS:
        assert records.owned(stranger) == []
        for use in (records.find, records.delete):
            with pytest.raises(ApiError) as caught:
                use(stranger, mine.id)
            assert (caught.value.code, caught.value.message) == (
                "InvalidSnapshot.NotFound",
                f"The snapshot '{mine.id}' does not exist.",
            )
    assert records.find(OWNER, mine.id) == mine


@pytest.mark.parametrize("snapshot_id", ["", "snap-", "snap-xyz", "ami-0123456789abcdef0"])
def test_ids_that_are_none(engine: Engine, snapshot_id: str) -> None:
    with pytest.raises(ApiError) as caught:
        Snapshots(engine).find(OWNER, snapshot_id)
    assert (caught.value.code, caught.value.message) == (
        "InvalidSnapshotID.Malformed",
        f'Invalid id: "{snapshot_id}"',
    )


def test_maps_of_every_owner_are_roots(engine: Engine) -> None:
    made = [snapshot(), *(snapshot(owner) for owner in STRANGERS)]
    records = _record(engine, *made)
    assert records.map_ids() == {each.map_id for each in made}
    records.delete(OWNER, made[0].id)
    assert records.map_ids() == {each.map_id for each in made[1:]}


def test_a_snapshot_goes_when_its_last_image_has_gone(engine: Engine) -> None:
    mine, images = snapshot(), Images(engine)
    records = _record(engine, mine)
    holder = image(snapshots=(mine.id,))
    images.register(holder)
    with pytest.raises(ApiError) as caught:
        records.delete(OWNER, mine.id)
    assert (caught.value.code, caught.value.message) == (
        "InvalidSnapshot.InUse",
        f"The snapshot {mine.id} is currently in use by {holder.id}",
    )
    images.deregister(OWNER, holder.id)
    records.delete(OWNER, mine.id)
    with pytest.raises(ApiError, match="does not exist"):
        records.delete(OWNER, mine.id)

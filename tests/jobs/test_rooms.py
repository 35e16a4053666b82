# SPDX-License-Identifier: Apache-2.0
"""What workers find wired, and where objects are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vmferry.config import Buckets
from vmferry.errors import SetupError, SourceError
from vmferry.jobs import _rooms
from vmferry.stores import Access
from vmferry.stores.directory import DirectoryStore
from vmferry.stores.s3 import S3Store

if TYPE_CHECKING:
    from vmferry.jobs._rooms import Rooms


def test_a_process_that_is_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rooms, "_mine", None)
    with pytest.raises(SetupError, match=r"^jobs: this process was not prepared as a worker$"):
        _rooms.here()


def test_a_worker_is_prepared(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rooms, "_mine", None)
    _rooms.prepare_worker(rooms.config)
    assert _rooms.here().config == rooms.config
    _rooms.here().engine.dispose()


def test_own_objects_are_files(rooms: Rooms) -> None:
    root = rooms.config.bucket_root
    assert rooms.object_url("disks", "a/b c.ova") == f"file://{root}/disks/a/b c.ova"
    store, name = rooms.object_place("disks", "a/b c.ova")
    assert isinstance(store, DirectoryStore)
    assert name == "b c.ova"
    for bucket, key in (("disks", "../x"), ("..", "x"), ("disks", "")):
        with pytest.raises(SourceError, match="no such object can exist"):
            rooms.object_url(bucket, key)


def test_external_objects_are_asked_for(rooms: Rooms) -> None:
    external = Buckets(
        endpoint="https://s3.example.org", region="eu-west-1", access_key="A", secret_key="S"
    )
    other = replace(rooms, config=replace(rooms.config, buckets=external))
    assert other.object_url("disks", "a//../b") == "s3://disks/a//../b"
    assert other.access == Access(
        endpoint="https://s3.example.org", region="eu-west-1", access_key="A", secret_key="S"
    )
    store, name = other.object_place("disks", "a//b")
    assert isinstance(store, S3Store)
    assert name == "a//b"


def test_the_lock_lies_with_the_blocks(rooms: Rooms) -> None:
    assert rooms.lock.parent == rooms.config.block_root
    assert rooms.images.owned is not None
    assert rooms.snapshots.map_ids() == set()

# SPDX-License-Identifier: Apache-2.0
"""Garbage: what roots name stays, the rest goes and is not shared again, writers are waited for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces, noise, same, text

from vmferry.blocks import collect
from vmferry.blocks.collect import Collected, Roots
from vmferry.blocks.ingest import shared
from vmferry.errors import IntegrityError
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.blocks.disks import BlockStore


def _collect(blocks: BlockStore, *maps: str, parts: tuple[Path, ...] = ()) -> Collected:
    return collect(
        blocks.store,
        blocks.index,
        blocks.lock,
        lambda: Roots(map_ids=lambda map_id: map_id in maps, parts=parts),
    )


def _stored(blocks: BlockStore) -> tuple[list[str], int]:
    return blocks.store.list("maps/"), len(blocks.store.list("segments/"))


ONE = Pieces(3 * BLOCK, {0: noise(1) + text(2)})
TWO = Pieces(3 * BLOCK, {0: noise(3), 2 * BLOCK: noise(1)})


def test_what_a_root_names_stays(blocks: BlockStore) -> None:
    blocks.keep("one", ONE)
    blocks.keep("two", TWO)
    assert _collect(blocks, "one", "two") == Collected(maps=0, segments=0)
    assert _stored(blocks) == (["maps/one", "maps/two"], 2)


def test_a_segment_that_another_snapshot_shares_stays(blocks: BlockStore) -> None:
    blocks.keep("one", ONE)
    blocks.keep("two", TWO)
    assert _collect(blocks, "two") == Collected(maps=1, segments=0)
    assert same(blocks.disk("two"), TWO)
    blocks.store.put("segments/zz/no segment of ours", b"x")
    assert _collect(blocks) == Collected(maps=1, segments=3)
    assert _stored(blocks) == ([], 0)
    assert _collect(blocks) == Collected(maps=0, segments=0)


def test_nothing_is_shared_with_what_was_removed(blocks: BlockStore) -> None:
    blocks.keep("one", ONE)
    _collect(blocks)
    assert blocks.keep("again", ONE) > BLOCK
    assert _collect(blocks, "again") == Collected(maps=0, segments=0)
    assert same(blocks.disk("again"), ONE)


def test_what_an_unfinished_slice_names_stays(blocks: BlockStore) -> None:
    part = blocks.part("running")
    blocks.keep("one", ONE)
    blocks.ingest.copy(TWO, 0, TWO.size, part, lambda _: None)
    left = blocks.part("killed")
    left.write_bytes(part.read_bytes()[:-30])  # as a worker that was killed leaves it
    gone = blocks.part("ended")
    assert _collect(blocks, parts=(gone, part, left)) == Collected(maps=1, segments=0)
    blocks.seal("running", [part], TWO.size)
    assert same(blocks.disk("running"), TWO)
    part.unlink()
    assert _collect(blocks, "running", parts=(part,)) == Collected(maps=0, segments=0)


def test_a_task_that_ends_meanwhile_keeps_its_blocks(blocks: BlockStore) -> None:
    # Its parts are named by the roots; by the time they are read its map is in their place.
    part = blocks.part("m")
    blocks.ingest.copy(ONE, 0, ONE.size, part, lambda _: None)

    def roots() -> Roots:
        return Roots(map_ids=lambda map_id: map_id == "m", parts=parts())

    def parts() -> list[Path]:
        blocks.seal("m", [part], ONE.size)
        part.unlink()
        return [part]

    assert collect(blocks.store, blocks.index, blocks.lock, roots) == Collected(0, 0)
    assert same(blocks.disk("m"), ONE)


def test_killed_after_forgetting_it_goes_on(
    blocks: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks.keep("one", ONE)

    def killed(_key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(blocks.store, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            _collect(blocks)
    assert _stored(blocks) == (["maps/one"], 1)
    assert blocks.keep("two", ONE) > BLOCK, "not shared with what is half removed"
    assert _collect(blocks, "two") == Collected(maps=1, segments=1)
    assert same(blocks.disk("two"), ONE)


def test_a_damaged_map_stops_everything_before_anything_is_removed(blocks: BlockStore) -> None:
    blocks.keep("one", ONE)
    blocks.keep("two", Pieces(BLOCK, {0: noise(9)}))
    path = blocks.root / "maps" / "one"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=r"^block map maps/one: header is "):
        _collect(blocks, "one")
    assert _stored(blocks) == (["maps/one", "maps/two"], 2)
    assert blocks.keep("three", Pieces(BLOCK, {0: noise(9)})) == 0, "the index forgot nothing"


def test_slices_are_waited_for_and_roots_asked_afterwards(blocks: BlockStore) -> None:
    asked = threading.Event()

    def roots() -> Roots:
        asked.set()
        return Roots(map_ids=lambda _: True, parts=())

    arguments = (blocks.store, blocks.index, blocks.lock, roots)
    thread = threading.Thread(target=collect, args=arguments)
    with shared(blocks.lock):
        thread.start()
        assert not asked.wait(0.2)
    thread.join(10)
    assert asked.is_set()

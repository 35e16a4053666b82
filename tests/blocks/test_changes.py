# SPDX-License-Identifier: Apache-2.0
"""Changes of a device: only what differs is stored, the rest is the base's; steps done again."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from tests.blocks.disks import Pieces, block_store, noise, same, text

from vmferry.blocks.changes import Changes
from vmferry.blocks.collect import Roots, collect
from vmferry.blocks.device import Device
from vmferry.blocks.ingest import NUMBER
from vmferry.blocks.location import ENTRY
from vmferry.blocks.map import map_key
from vmferry.database.tables import blocks as rows
from vmferry.errors import IntegrityError, ServiceError
from vmferry.units import BLOCK, GIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.blocks.disks import BlockStore

BASE = 10 * BLOCK + 700


def _keep(blocks: BlockStore, device: Device, map_id: str) -> int:
    """Take all steps; return the bytes newly stored."""
    changes, new, parts = Changes(device), 0, []
    for at, (offset, length) in enumerate(changes.cut()):
        parts.append(blocks.part(map_id, at))
        new += changes.copy(blocks.ingest, offset, length, parts[-1], lambda _: None)
    changes.seal(blocks.store, parts, map_id, blocks.root.parent / "draft")
    return new


def _numbers(part: Path) -> list[int]:
    data, step = part.read_bytes(), NUMBER.size + ENTRY.size
    return [NUMBER.unpack_from(data, at)[0] for at in range(0, len(data), step)]


pieces = st.dictionaries(
    st.integers(0, 9).map(lambda at: at * BLOCK),
    st.one_of(st.integers(1, 4).map(noise), st.integers(1, 4).map(text)),
    max_size=8,
)
writes = st.lists(
    st.tuples(
        st.integers(0, 11 * BLOCK),
        st.sampled_from([1, 4096, 65536, BLOCK, 2 * BLOCK]),
        st.sampled_from(["noise", "text", "zero", "same"]),
        st.integers(1, 4),
    ),
    max_size=8,
)


@settings(max_examples=20)  # Each is a database and some flushed files.
@given(pieces, writes, st.sampled_from([BASE, 11 * BLOCK, 14 * BLOCK]))
def test_a_sealed_map_is_the_device(
    tmp_path_factory: pytest.TempPathFactory,
    stored: dict[int, bytes],
    done: list[tuple[int, int, str, int]],
    size: int,
) -> None:
    blocks = block_store(tmp_path_factory.mktemp("blocks"))
    base = Pieces(BASE, stored)
    blocks.keep("base", base)
    before = set(blocks.store.list("segments/"))
    with closing(Device(blocks.disk("base"), blocks.root.parent / "d", size)) as device:
        touched: set[int] = set()
        for offset, wanted, kind, seed in done:
            length = min(wanted, size - offset)
            if length <= 0:
                continue
            if kind == "zero":
                device.zero_at(offset, length)
            elif kind == "same":
                device.write_at(offset, device.read_at(offset, length))
            else:
                device.write_at(offset, (noise if kind == "noise" else text)(seed, length))
            touched.update(range(offset // BLOCK, (offset + length - 1) // BLOCK + 1))
        new = _keep(blocks, device, "new")
        found = blocks.disk("new")
        assert same(found, device)
        added = set(blocks.store.list("segments/")) - before
        assert new == sum((blocks.root / key).stat().st_size for key in added)
        assert bool(new) == bool(added)
    part = blocks.part("new")
    assert set(_numbers(part) if part.exists() else []) <= touched
    old = blocks.disk("base")
    assert same(old, base)
    for number in range(11):
        if number not in touched:
            assert found.map.location(number) == old.map.location(number)
    blocks.engine.dispose()


def test_only_blocks_that_differ_are_stored(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("base", Pieces(400 * BLOCK, {0: noise(1, 200 * BLOCK)}))
    # Nothing can be shared by the index any more; the base's map knows its blocks all the same.
    with blocks.engine.begin() as connection:
        connection.execute(delete(rows))
    with closing(Device(blocks.disk("base"), tmp_path / "d")) as device:
        device.write_at(100 * BLOCK, device.read_at(100 * BLOCK, 70 * BLOCK))
        assert len(list(device.changed())) == 70
        assert Changes(device).cut() == [
            (100 * BLOCK, 64 * BLOCK),
            (164 * BLOCK, 6 * BLOCK),
        ]
        assert _keep(blocks, device, "same") == 0
        device.write_at(150 * BLOCK + 5, b"x")
        device.write_at(300 * BLOCK, noise(7))
        assert _keep(blocks, device, "new") == 2 * BLOCK
        assert same(blocks.disk("new"), device)
    assert (blocks.root / map_key("same")).read_bytes() == (
        blocks.root / map_key("base")
    ).read_bytes()


def test_a_block_that_became_zeros_drops_out(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("base", Pieces(4 * BLOCK, {0: noise(1, 3 * BLOCK)}))
    with closing(Device(blocks.disk("base"), tmp_path / "d")) as device:
        device.zero_at(BLOCK, BLOCK)
        device.write_at(2 * BLOCK, bytes(BLOCK))
        device.write_at(3 * BLOCK, bytes(10))
        assert _keep(blocks, device, "new") == 0
    found = blocks.disk("new")
    assert found.present == 1
    assert [found.map.location(n).absent for n in range(4)] == [False, True, True, True]
    assert found.read_at(BLOCK, 3 * BLOCK) == bytes(3 * BLOCK)


def test_a_device_that_was_not_written_to(blocks: BlockStore, tmp_path: Path) -> None:
    base = Pieces(3 * BLOCK + 5, {0: noise(1), 3 * BLOCK: b"end"})
    blocks.keep("base", base)
    with closing(Device(blocks.disk("base"), tmp_path / "d", 2 * GIB)) as device:
        assert Changes(device).cut() == []
        assert _keep(blocks, device, "new") == 0
    found = blocks.disk("new")
    assert (found.size, found.present) == (2 * GIB, 2)
    assert found.read_at(0, base.size) == base.read_at(0, base.size)


def test_a_step_done_again_changes_nothing(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("base", Pieces(4 * BLOCK, {0: noise(1, 3 * BLOCK)}))
    device = Device(blocks.disk("base"), tmp_path / "d")
    device.write_at(BLOCK, noise(2))
    device.close()
    draft, part = tmp_path / "draft", blocks.part("new")
    # Each step in a process of its own, that opens the device for reading; some killed and done
    # again.
    with closing(Device(blocks.disk("base"), tmp_path / "d", writable=False)) as device:
        assert Changes(device).cut() == [(BLOCK, BLOCK)]
        for new in (BLOCK, 0):
            assert Changes(device).copy(blocks.ingest, BLOCK, BLOCK, part, lambda _: None) == new
        segments = blocks.store.list("segments/")
        draft.write_bytes(b"half a map, as a kill leaves it")
        assert Changes(device).seal(blocks.store, [part], "new", draft) == 3
        sealed = (blocks.root / map_key("new")).read_bytes()
        assert not draft.exists()
        assert Changes(device).seal(blocks.store, [], "new", draft) == 3, "it was done before"
        draft.write_bytes(b"killed while the map was copied to another file system")
        assert Changes(device).seal(blocks.store, [part], "new", draft) == 3
        assert (blocks.root / map_key("new")).read_bytes() == sealed
    assert blocks.store.list("segments/") == segments


def test_garbage_is_what_neither_map_needs(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("base", Pieces(4 * BLOCK, {0: noise(1, 4 * BLOCK)}), [BLOCK, 2 * BLOCK])
    with closing(Device(blocks.disk("base"), tmp_path / "d")) as device:
        device.write_at(0, noise(2))
        device.zero_at(BLOCK, BLOCK)
        changes, part = Changes(device), blocks.part("new")
        (slice_,) = changes.cut()
        changes.copy(blocks.ingest, *slice_, part, lambda _: None)

        def collected(parts: list[Path], *map_ids: str) -> tuple[int, int]:
            roots = Roots(map_ids=lambda map_id: map_id in map_ids, parts=parts)
            return collect(blocks.store, blocks.index, blocks.lock, lambda: roots)

        assert collected([part], "base") == (0, 0), "the part holds the new segment"
        changes.seal(blocks.store, [part], "new", tmp_path / "draft")
        assert collected([], "base", "new") == (0, 0)
        assert collected([], "new") == (1, 2), "the blocks that were replaced and zeroed"
        assert same(
            blocks.disk("new"),
            Pieces(4 * BLOCK, {0: noise(2), 2 * BLOCK: noise(1, 4 * BLOCK)[2 * BLOCK :]}),
        )


def test_what_has_no_snapshot_below(tmp_path: Path) -> None:
    text_ = r"^changes: the device does not stand on a snapshot$"
    with (
        closing(Device(Pieces(BLOCK), tmp_path / "d")) as device,
        pytest.raises(ServiceError, match=text_),
    ):
        Changes(device)


def test_a_part_that_is_gone(blocks: BlockStore, tmp_path: Path) -> None:
    blocks.keep("base", Pieces(BLOCK))
    with (
        closing(Device(blocks.disk("base"), tmp_path / "d")) as device,
        pytest.raises(IntegrityError, match=r"^map part gone: No such file"),
    ):
        Changes(device).seal(blocks.store, [tmp_path / "gone"], "new", tmp_path / "draft")
    assert blocks.store.size(map_key("new")) is None

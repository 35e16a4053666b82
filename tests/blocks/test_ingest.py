# SPDX-License-Identifier: Apache-2.0
"""From disks to blocks: what is stored, what is shared, what is skipped, what a crash leaves."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.blocks.disks import Pieces, block_store, noise, same, text

from vmferry.blocks.ingest import NUMBER, RUN, WORTH, alone, runs, shared
from vmferry.blocks.location import ENTRY, PLAIN, ZSTD, unpack
from vmferry.database.tables import blocks as rows
from vmferry.errors import TaskCancelledError
from vmferry.model.disk import ExtentKind
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.blocks.disks import BlockStore

    from vmferry.blocks.location import Location

SIZE = 12 * BLOCK + 1000


def _entries(part: Path) -> dict[int, Location]:
    data, step = part.read_bytes(), NUMBER.size + ENTRY.size
    return {
        NUMBER.unpack_from(data, at)[0]: unpack(data, at + NUMBER.size, "part")
        for at in range(0, len(data), step)
    }


def _segments(blocks: BlockStore) -> list[str]:
    return blocks.store.list("segments/")


def _copy(blocks: BlockStore, disk: Pieces, name: str = "m") -> dict[int, Location]:
    blocks.ingest.copy(disk, 0, disk.size, blocks.part(name), lambda _: None)
    return _entries(blocks.part(name))


piece = st.builds(
    lambda kind, seed, length: {"n": noise, "t": text}.get(kind, lambda _, n: bytes(n))(
        seed, length
    ),
    st.sampled_from("ntz"),
    st.integers(0, 3),
    st.sampled_from([1, 700, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK]),
)
disks = st.builds(
    lambda size, pieces: Pieces(
        size, {at: data[: max(size - at, 0)] for at, data in _apart(pieces) if at < size}
    ),
    st.integers(1, SIZE),
    st.dictionaries(st.integers(0, SIZE // 256).map(lambda at: at * 256), piece, max_size=6),
)
cuts = st.sets(st.integers(1, 11), max_size=4)


def _apart(pieces: dict[int, bytes]) -> list[tuple[int, bytes]]:
    out: list[tuple[int, bytes]] = []
    for at, data in sorted(pieces.items()):
        if not out or at >= out[-1][0] + len(out[-1][1]):
            out.append((at, data))
    return out


@settings(max_examples=40)  # Each is a database and some flushed files.
@given(disks, cuts)
def test_a_disk_comes_back_from_slices_of_any_cut(
    tmp_path_factory: pytest.TempPathFactory, disk: Pieces, at: set[int]
) -> None:
    blocks = block_store(tmp_path_factory.mktemp("blocks"))
    blocks.keep("m", disk, [n * BLOCK for n in sorted(at) if n * BLOCK < disk.size])
    found = blocks.disk("m")
    assert same(found, disk)
    extents = list(found.extents())
    assert [extent.offset for extent in extents] == [0, *(e.end for e in extents)][:-1]
    assert extents[-1].end == disk.size
    assert all(a.kind is not b.kind for a, b in pairwise(extents))
    for extent in extents:
        for start in range(extent.offset, extent.end, BLOCK):
            block = disk.read_at(start, min(BLOCK, extent.end - start))
            assert any(block) == (extent.kind is ExtentKind.DATA)
    present = sum(-(-e.length // BLOCK) for e in extents if e.kind is ExtentKind.DATA)
    assert found.present == present
    blocks.engine.dispose()


def test_a_slice_is_one_segment_of_blocks_one_behind_the_other(blocks: BlockStore) -> None:
    disk = Pieces(8 * BLOCK, {0: text(1), 2 * BLOCK: noise(2), 5 * BLOCK: text(3) + noise(4)})
    ticks: list[int] = []
    new = blocks.ingest.copy(disk, 0, disk.size, blocks.part("m"), ticks.append)
    entries = _entries(blocks.part("m"))
    assert list(entries) == [0, 2, 5, 6]
    assert ticks == [BLOCK, 3 * BLOCK, 7 * BLOCK]
    (segment,) = _segments(blocks)
    stored = (blocks.root / segment).read_bytes()
    assert new == len(stored)
    position = 0
    for number, entry in entries.items():
        block = disk.read_at(number * BLOCK, BLOCK)
        assert entry.digest == hashlib.sha256(block).digest()
        assert entry.segment.hex() == segment.rpartition("/")[2]
        assert entry.offset == position
        data = stored[position : position + entry.length]
        if number in (2, 6):
            assert entry.coding == PLAIN
            assert data == block
        else:
            assert entry.coding == ZSTD
            assert len(data) <= WORTH
            assert zstandard.ZstdDecompressor().decompress(data, max_output_size=BLOCK) == block
        position += entry.length
    assert position == len(stored)
    assert blocks.index.find([e.digest for e in entries.values()]) == {
        entry.digest: entry for entry in entries.values()
    }


def test_zeros_are_stored_nowhere(blocks: BlockStore) -> None:
    disk = Pieces(4 * BLOCK + 5, {0: bytes(2 * BLOCK), 4 * BLOCK: bytes(5)})
    assert blocks.keep("m", disk) == 0
    assert _segments(blocks) == []
    assert blocks.disk("m").present == 0
    assert blocks.disk("m").read_at(0, disk.size) == bytes(disk.size)


def test_the_last_partial_block_is_filled_up_with_zeros(blocks: BlockStore) -> None:
    disk = Pieces(BLOCK + 1000, {BLOCK: noise(1, 1000)})
    blocks.keep("m", disk)
    assert _entries(blocks.part("m"))[1].digest == (
        hashlib.sha256(noise(1, 1000) + bytes(BLOCK - 1000)).digest()
    )
    assert blocks.disk("m").read_at(BLOCK - 5, 1005) == bytes(5) + noise(1, 1000)


def test_equal_blocks_of_one_slice_are_stored_once(blocks: BlockStore) -> None:
    disk = Pieces(20 * BLOCK, {0: noise(1) * 9 + noise(2), 12 * BLOCK: noise(1) * 8})
    assert blocks.keep("m", disk) == 2 * BLOCK
    assert same(blocks.disk("m"), disk)


def test_equal_blocks_of_other_imports_are_shared(blocks: BlockStore) -> None:
    first = Pieces(4 * BLOCK, {0: noise(1) + text(2) + noise(3)})
    second = Pieces(9 * BLOCK, {BLOCK: text(2) + noise(4), 7 * BLOCK: noise(1)})
    assert blocks.keep("one", first, [2 * BLOCK]) > 2 * BLOCK
    assert blocks.keep("two", second, [8 * BLOCK]) == BLOCK
    assert blocks.keep("again", second) == 0
    for name, disk in (("one", first), ("two", second), ("again", second)):
        assert same(blocks.disk(name), disk)


def test_a_slice_done_again_adds_nothing(blocks: BlockStore) -> None:
    disk = Pieces(2 * BLOCK, {0: noise(1) + text(1)})
    entries = _copy(blocks, disk)
    segments = _segments(blocks)
    assert blocks.ingest.copy(disk, 0, disk.size, blocks.part("m"), lambda _: None) == 0
    assert _entries(blocks.part("m")) == entries
    assert _segments(blocks) == segments


def test_a_slice_that_is_too_large_becomes_several_segments(
    blocks: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmferry.blocks.ingest.SEGMENT", 2 * RUN)
    disk = Pieces(50 * BLOCK, {0: noise(1, 40 * BLOCK) + noise(1, 8 * BLOCK) + text(1, 2 * BLOCK)})
    new = blocks.keep("m", disk)
    sizes = [(blocks.root / key).stat().st_size for key in _segments(blocks)]
    assert sorted(sizes)[1:] == [2 * RUN, 2 * RUN]
    assert sum(sizes) == new < 41 * BLOCK
    assert same(blocks.disk("m"), disk)


def test_a_segment_that_the_index_does_not_know_is_not_used(
    blocks: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Killed between the segment and the index: the slice is copied again into another segment.
    disk = Pieces(BLOCK, {0: noise(1)})

    def killed(_locations: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(blocks.index, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            _copy(blocks, disk)
    assert len(_segments(blocks)) == 1
    assert not blocks.part("m").exists()
    assert blocks.keep("m", disk) == BLOCK
    assert len(_segments(blocks)) == 2
    assert same(blocks.disk("m"), disk)


def test_the_order_is_segment_index_part(
    blocks: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, add, done = blocks.store.put, blocks.index.add, []

    def watched_put(key: str, data: bytes) -> None:
        done.append("segment")
        put(key, data)

    def watched_add(locations: list[Location]) -> None:
        assert _segments(blocks), "durable before the index names it"
        assert not blocks.part("m").exists()
        done.append("index")
        add(locations)

    monkeypatch.setattr(blocks.store, "put", watched_put)
    monkeypatch.setattr(blocks.index, "add", watched_add)
    _copy(blocks, Pieces(BLOCK, {0: noise(1)}))
    assert done == ["segment", "index"]
    assert blocks.part("m").exists()


def test_a_stopped_slice_stores_nothing(blocks: BlockStore) -> None:
    def stop(_reached: int) -> None:
        raise TaskCancelledError("the task was cancelled")

    disk = Pieces(40 * BLOCK, {0: noise(1, 40 * BLOCK)})
    with pytest.raises(TaskCancelledError):
        blocks.ingest.copy(disk, 0, disk.size, blocks.part("m"), stop)
    assert disk.bytes_read == RUN, "it stops at the first tick"
    assert _segments(blocks) == []
    assert not blocks.part("m").exists()
    with blocks.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(rows)).scalar() == 0
    fd = os.open(blocks.lock, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fd)


@given(disks, st.integers(0, 12), st.integers(1, 13))
def test_runs_are_whole_blocks_that_hold_all_data(disk: Pieces, first: int, count: int) -> None:
    offset = min(first * BLOCK, (disk.size - 1) // BLOCK * BLOCK)
    length = min(count * BLOCK, disk.size - offset)
    found = list(runs(disk, offset, length))
    reached = offset
    for start, size in found:
        assert start % BLOCK == 0
        assert 0 < size <= RUN
        assert start >= reached
        assert size % BLOCK == 0 or start + size == offset + length
        reached = start + size
    assert reached <= offset + length
    covered = {at for start, size in found for at in range(start, start + size, BLOCK)}
    wanted = {
        at
        for extent in disk.extents(offset, length)
        if extent.kind is ExtentKind.DATA
        for at in range(extent.offset // BLOCK * BLOCK, extent.end, BLOCK)
    }
    assert covered == wanted


def test_the_lock_is_shared_by_slices_and_waits_for_whoever_is_alone(tmp_path: Path) -> None:
    lock = tmp_path / "new" / "lock"
    with shared(lock), shared(lock):
        fd = os.open(lock, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(fd)
    entered = threading.Event()

    def slice_() -> None:
        with shared(lock):
            entered.set()

    thread = threading.Thread(target=slice_)
    with alone(lock):
        thread.start()
        assert not entered.wait(0.1)
    thread.join(10)
    assert entered.is_set()
    assert lock.stat().st_mode & 0o777 == 0o600

# SPDX-License-Identifier: Apache-2.0
"""Snapshots as disks: damage is named, sparse disks are cheap, neighbours are read together."""

from __future__ import annotations

import json
import random
import re
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from tests.blocks.disks import Pieces, noise, same, text

from vmferry.blocks import SnapshotDisk
from vmferry.blocks.map import map_key
from vmferry.errors import IntegrityError, SourceError
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK, GIB, MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.blocks.disks import BlockStore

SPARSE = """
import json, sys, time
from pathlib import Path
from tests.blocks.disks import Pieces, block_store, noise
from tests.house.memory import peak
from vmferry.blocks.ingest import BLOCK
from vmferry.formats import cut
blocks = block_store(Path(sys.argv[1]))
size = 1 << 40
disk = Pieces(size, {at * (1 << 35) + 3 * BLOCK: noise(at) for at in range(32)})
before = peak()
start = time.monotonic()
blocks.keep("m", disk, [n for n, _ in list(cut(disk, BLOCK, 8 << 20))[1:]])
found = blocks.disk("m")
extents = [list(extent) for extent in found.extents()]
read = sum(any(found.read_at(at, 1 << 20)) for at in range(0, size, 1 << 33))
print(json.dumps({
    "seconds": time.monotonic() - start,
    "grown": peak() - before,
    "map": (blocks.root / "maps" / "m").stat().st_size,
    "extents": extents, "present": found.present,
}))
blocks.engine.dispose()
"""


@pytest.fixture
def kept(blocks: BlockStore) -> BlockStore:
    """A snapshot ``m`` of 3 blocks: text, noise, text; the last one partial."""
    disk = Pieces(2 * BLOCK + 900, {0: text(1) + noise(2) + text(3, 900)})
    blocks.keep("m", disk)
    return blocks


def _segment(blocks: BlockStore) -> Path:
    (key,) = blocks.store.list("segments/")
    return blocks.root / key


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_damaged_plain_block_is_named(kept: BlockStore) -> None:
    segment = _segment(kept)
    offset = kept.disk("m").map.location(1).offset
    _flip(segment, offset + 77)
    start = f"segment {segment.name}: block 1 at byte {offset}: "
    with pytest.raises(IntegrityError, match=rf"^{start}SHA-256 is [0-9a-f]{{64}}, expected ") as e:
        kept.disk("m").read_at(0, 2 * BLOCK)
    assert "InternalError" in e.value.status_message
    assert kept.disk("m").read_at(5, 100) == text(1)[5:105], "the others can still be read"


def test_every_byte_of_a_compressed_block_is_guarded(kept: BlockStore) -> None:
    segment, disk = _segment(kept), kept.disk("m")
    location = disk.map.location(0)
    good = segment.read_bytes()
    assert location.offset == 0
    harmless = 0
    for at in range(location.length):
        for bit in (1, 0x40, 0x80, 0xC0, 0xFF):
            stored = bytearray(good[: location.length])
            stored[at] ^= bit
            try:
                # Some say the same in another way, such as a match one period further back.
                assert disk._block(0, location, bytes(stored)) == text(1)
                harmless += 1
            except IntegrityError as error:
                assert error.message.startswith(  # noqa: PT017
                    f"segment {segment.name}: block 0 at byte 0: "
                )
    assert harmless < location.length


@pytest.mark.parametrize("claimed", [BLOCK, 1 << 36, 1 << 62, (1 << 64) - 3])
def test_a_damaged_frame_is_given_no_memory(kept: BlockStore, claimed: int) -> None:
    disk = kept.disk("m")
    location = disk.map.location(0)
    stored = _segment(kept).read_bytes()[: location.length]
    frame = stored[:4] + bytes([stored[4] | 0xC0]) + stored[5:6] + struct.pack("<Q", claimed)
    with pytest.raises(IntegrityError, match=r"block 0 at byte 0: .*(content size|too large)"):
        disk._block(0, location, frame + stored[6:])


def test_a_segment_that_is_gone_or_cut_off(kept: BlockStore) -> None:
    segment = _segment(kept)
    size = segment.stat().st_size
    segment.write_bytes(segment.read_bytes()[:-1])
    with pytest.raises(
        IntegrityError, match=rf"^segment {segment.name}: segments/.* it has {size - 1} bytes$"
    ):
        kept.disk("m").read_at(2 * BLOCK, 1)
    segment.unlink()
    with pytest.raises(
        IntegrityError, match=rf"^segment {segment.name}: segments/.*: it does not exist$"
    ):
        kept.disk("m").read_at(0, 1)


def test_a_map_that_is_gone(blocks: BlockStore) -> None:
    text_ = r"^block map: maps/m: cannot be read: it does not exist$"
    with pytest.raises(IntegrityError, match=text_) as caught:
        blocks.disk("m")
    assert "Invalid S3 source location" not in caught.value.status_message


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1), (2 * BLOCK, 901), (GIB, 1)])
def test_ranges_outside(kept: BlockStore, offset: int, length: int) -> None:
    size = 2 * BLOCK + 900
    wanted = re.escape(f"{length} bytes at byte {offset} are wanted, it has {size} bytes")
    disk = kept.disk("m")
    uses: list[Callable[[], object]] = [
        lambda: disk.read_at(offset, length),
        lambda: list(disk.extents(offset, length)),
    ]
    for use in uses:
        with pytest.raises(SourceError, match=rf"^snapshot: {wanted}$"):
            use()


def test_small_reads_decode_a_block_once(kept: BlockStore, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = kept.disk("m")
    decoded: list[int] = []
    block = disk._block

    def watched(number: int, *rest: object) -> bytes:
        decoded.append(number)
        return block(number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "_block", watched)
    want = text(1) + noise(2) + text(3, 900)
    for at in range(0, disk.size - 4096, 40_000):
        assert disk.read_at(at, 4096) == want[at : at + 4096]
    assert disk.read_at(disk.size, 0) == disk.read_at(7, 0) == b""
    assert len(decoded) <= 5, "three blocks, and two reads over a boundary"
    disk.read_at(0, 2 * BLOCK)
    for at in (5, BLOCK + 5):
        assert disk.read_at(at, 100) == want[at : at + 100], "the last block read is remembered"


def test_neighbours_in_a_segment_are_read_together(blocks: BlockStore) -> None:
    disk = Pieces(40 * BLOCK, {0: noise(1, 30 * BLOCK), 31 * BLOCK: noise(2, BLOCK)})
    blocks.keep("m", disk)
    found = blocks.disk("m")
    reads: list[int] = []
    read = found._read

    def watched(segment: bytes, offset: int, length: int) -> bytes:
        reads.append(length)
        return read(segment, offset, length)

    found._read = watched  # type: ignore[method-assign]
    assert found.read_at(0, disk.size) == disk.read_at(0, disk.size)
    assert reads == [4 * MIB, 4 * MIB, 4 * MIB, 3 * MIB, BLOCK]


def test_few_segments_are_open_at_a_time(blocks: BlockStore) -> None:
    disk = Pieces(40 * BLOCK, {0: noise(1, 40 * BLOCK)})
    blocks.keep("m", disk, [at * BLOCK for at in range(1, 40)])
    assert len(blocks.store.list("segments/")) == 40
    found = blocks.disk("m")
    assert same(found, disk)
    assert len(found._open) == 32


def test_extents_of_a_range(blocks: BlockStore) -> None:
    size = 3 * GIB + 5
    disk = Pieces(size, {BLOCK: noise(1), 2 * GIB: noise(2, 2 * BLOCK)})
    blocks.keep("m", disk)
    found = blocks.disk("m")
    data, zero = ExtentKind.DATA, ExtentKind.ZERO
    assert list(found.extents()) == [
        Extent(0, BLOCK, zero),
        Extent(BLOCK, BLOCK, data),
        Extent(2 * BLOCK, 2 * GIB - 2 * BLOCK, zero),
        Extent(2 * GIB, 2 * BLOCK, data),
        Extent(2 * GIB + 2 * BLOCK, GIB - 2 * BLOCK + 5, zero),
    ]
    assert list(found.extents(BLOCK + 7, 10)) == [Extent(BLOCK + 7, 10, data)]
    assert list(found.extents(size - 3)) == [Extent(size - 3, 3, zero)]
    assert list(found.extents(5, 0)) == list(found.extents(size)) == []


def test_a_sparse_disk_of_a_tebibyte(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPARSE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    result = json.loads(done.stdout)
    assert result["present"] == 32
    assert sum(length for _, length, _ in result["extents"]) == TIB
    assert [kind for *_, kind in result["extents"]] == ["zero", "data"] * 32 + ["zero"]
    assert result["map"] == 64 + 32 * 65536 + 2048 * 16
    assert result["grown"] < 64 * MIB
    assert result["seconds"] < 60, "it took 1 s alone on two cores"


def test_a_snapshot_is_opened_by_its_map(kept: BlockStore) -> None:
    found = SnapshotDisk(kept.store, "m")
    assert (found.size, found.present) == (2 * BLOCK + 900, 3)
    assert kept.store.size(map_key("m")) == 64 + 65536 + 16


def test_threads_may_read_one_snapshot(blocks: BlockStore) -> None:
    disk = Pieces(64 * BLOCK, {at * BLOCK: text(at) for at in range(0, 64, 2)})
    blocks.keep("m", disk, [at * BLOCK for at in range(1, 64)])
    found = blocks.disk("m")
    wrong: list[int] = []

    def read(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(150):
            at = chance.randrange(disk.size - 5000)
            if found.read_at(at, 5000) != disk.read_at(at, 5000):
                wrong.append(at)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(found._kept) == 32
    assert len(found._open) <= 32

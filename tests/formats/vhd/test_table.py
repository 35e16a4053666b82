# SPDX-License-Identifier: Apache-2.0
"""The block allocation table: pages, and blocks that cannot be where it says."""

from __future__ import annotations

import time

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhd.recipes import dynamic_vhd, opened

from vmferry.errors import FormatError
from vmferry.formats.vhd import table as table_module
from vmferry.units import MIB, TIB

FIRST = 4  # sector of the first block of these disks; each takes 9


def places(**entries: int) -> bytearray:
    table = {int(name[1:]): place for name, place in entries.items()}
    return dynamic_vhd({0: b"a", 1: b"b", 2: b"c"}, 4 * 4096, table=table)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"b1": FIRST}, "blocks that overlap"),
        ({"b1": FIRST + 8}, "blocks that overlap"),
        ({"b0": 0}, "a block at sector 0, on the bytes 0 and following"),
        ({"b0": 1}, "a block at sector 1, on the bytes 512"),
        ({"b0": 3}, "blocks that overlap|a block at sector 3, on the bytes 1536"),
        ({"b3": FIRST + 19}, "blocks that overlap"),
        ({"b3": FIRST + 27}, "a block at sector 31, beyond the end of the blocks at 15872"),
        ({"b3": 0xFFFFFFFE}, "a block at sector 4294967294, beyond the end"),
    ],
)
def test_places_that_cannot_be(entries: dict[str, int], message: str) -> None:
    data = places(**entries)
    disk = opened(data)
    text = rf"vhd: block allocation table from block 0 at byte 1536: found ({message})"
    for _ in range(2):
        with pytest.raises(FormatError, match=text):
            disk.read_at(0, 1)
        with pytest.raises(FormatError, match=text):
            list(disk.extents())


def test_the_last_block_may_be_short() -> None:
    data = dynamic_vhd({3: b"end!" * 128}, 3 * 4096 + 512)
    cut = data[: len(data) - 512 - 4096 + 512] + data[-512:]
    assert opened(cut).read_at(3 * 4096, 512) == b"end!" * 128
    shorter = cut[:-1024] + data[-512:]
    with pytest.raises(FormatError, match="beyond the end of the blocks"):
        opened(shorter).read_at(3 * 4096, 512)


def test_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "_PAGE", 4)
    monkeypatch.setattr(table_module, "_KEPT", 2)
    blocks = {number: bytes([number]) * 4096 for number in (0, 3, 4, 11, 17)}
    source = MemorySource(dynamic_vhd(blocks, 20 * 4096))
    disk = opened(source.data)
    for _ in range(2):
        content = disk.read_at(0, disk.size)
        for number in range(20):
            expected = blocks.get(number, bytes(4096))
            assert content[number * 4096 : (number + 1) * 4096] == expected
    ranges = [(extent.offset // 4096, extent.length // 4096) for extent in disk.extents()]
    assert ranges == [(0, 1), (1, 2), (3, 2), (5, 6), (11, 1), (12, 5), (17, 1), (18, 2)]


def test_two_sparse_tebibytes() -> None:
    data = dynamic_vhd({7: b"x", (1 << 20) - 1: b"y"}, 2 * TIB, block=2 * MIB)
    started = time.process_time()
    disk = opened(data)
    kinds = [(extent.offset // MIB, extent.kind.value) for extent in disk.extents()]
    assert kinds == [(0, "zero"), (14, "data"), (16, "zero"), (2 * TIB // MIB - 2, "data")]
    assert disk.read_at(TIB, 5) == bytes(5)
    assert time.process_time() - started < 1

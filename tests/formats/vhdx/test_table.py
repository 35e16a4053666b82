# SPDX-License-Identifier: Apache-2.0
"""The block allocation table: chunks, states, and blocks that lie where they may not."""

from __future__ import annotations

import struct

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhdx.images import BAT_AT, METADATA_AT, MIB, PRESENT, Image

from vmferry.errors import FormatError
from vmferry.formats.vhdx.header import read_header
from vmferry.formats.vhdx.metadata import read_metadata
from vmferry.formats.vhdx.regions import read_regions
from vmferry.formats.vhdx.table import BlockTable

BIG = 256 * MIB


def opened(data: bytearray) -> tuple[BlockTable, MemorySource]:
    source = MemorySource(data)
    regions = read_regions(source, read_header(source))
    table = BlockTable(source, regions, read_metadata(source, regions.metadata))
    source.reads.clear()
    return table, source


def test_sector_bitmaps_stand_between_the_blocks() -> None:
    """At 256 MiB a block, 16 blocks are a chunk."""
    image = Image(40 * BIG, block=BIG)
    data = image.build()
    wanted = {0: 5, 15: 300, 16: 600, 31: 900, 32: 1200, 39: 1500}
    for number, mib in wanted.items():
        assert image.entry_at(number) == BAT_AT + (number + number // 16) * 8
        struct.pack_into("<Q", data, image.entry_at(number), mib << 20 | PRESENT)
    for rubbish in (16, 33):
        struct.pack_into("<Q", data, BAT_AT + rubbish * 8, 5 << 20 | PRESENT)
    source = MemorySource(data)
    source.size = 4000 * MIB
    regions = read_regions(source, read_header(source))
    table = BlockTable(source, regions, read_metadata(source, regions.metadata))
    found = {number: place for number in range(40) if (place := table.place(number))}
    assert found == {number: mib * MIB for number, mib in wanted.items()}


@pytest.mark.parametrize("state", [0, 1, 2, 3])
def test_states_that_read_as_zeros_have_no_place(state: int) -> None:
    table, _ = opened(Image(2 * MIB, {1: b"x"}, states={0: 99 << 40 | state}).build())
    assert table.place(0) is None
    assert table.place(1) == 4 * MIB
    page = table.page(0)
    assert page is not None
    assert page.stored == b"\0\1"


@pytest.mark.parametrize("state", [4, 5, 7])
def test_states_that_may_not_be(state: int) -> None:
    table, _ = opened(Image(3 * MIB, states={1: 4 << 20 | state}).build())
    with pytest.raises(FormatError, match=f"vhdx: block 1 at byte 3145728: found state {state}"):
        table.place(0)


def test_a_page_is_read_once_and_only_if_it_is_needed() -> None:
    table, source = opened(Image(20_000 * MIB, {8192: b"x", 19_999: b"y"}).build())
    assert table.page(0) is None
    assert table.place(8192) == 5 * MIB
    assert table.place(8193) is None
    assert table.place(100) is None
    assert [length for _, length in source.reads] == [8193 * 8, 8193 * 8]
    assert table.place(19_999) == 4 * MIB


def test_few_pages_are_kept() -> None:
    table, source = opened(Image(80 * 8192 * MIB, {0: b"x"}).build())
    for index in range(80):
        table.page(index)
    assert len(table._kept) == 64
    assert len(source.reads) == 80
    assert table.place(0) == table._regions.bat.end


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ((0,), "payload block at byte 0: found it lies over the headers"),
        ((1,), "payload block at byte 1048576: found it lies over the log"),
        ((2,), "lies over the metadata"),
        ((3,), "lies over the block allocation table"),
        ((4, 4), "block allocation table at byte 3145728: found blocks that overlap"),
        ((6,), "payload block at byte 6291456: found its end at 7340032, expected inside 6291456"),
        (((1 << 44) - 1,), "payload block"),
    ],
)
def test_blocks_that_lie_where_they_may_not(places: tuple[int, ...], message: str) -> None:
    image = Image(3 * MIB, {1: b"x", 2: b"y"})
    data = image.build()
    for number, place in enumerate(places):
        struct.pack_into("<Q", data, image.entry_at(number), place << 20 | PRESENT)
    if places != (4, 4):
        struct.pack_into("<QQ", data, image.entry_at(1), 0, 0)
    with pytest.raises(FormatError, match=message):
        opened(data)[0].place(0)


def test_a_block_may_not_reach_into_a_region() -> None:
    image = Image(8 * MIB, {0: b"x"}, block=4 * MIB, regions=[(bytes(16), 6 * MIB, MIB, 0)])
    data = image.build()
    with pytest.raises(FormatError, match="payload block at byte 4194304: found it lies over"):
        opened(data)[0].place(0)


def test_the_last_block_may_end_with_the_disk() -> None:
    data = Image(MIB + 512, {1: b"z" * 512}).build()
    del data[4 * MIB + 512 :]
    assert opened(data)[0].place(1) == 4 * MIB
    del data[-1]
    with pytest.raises(FormatError, match="found its end at 4194816, expected inside 4194815"):
        opened(data)[0].place(1)


def test_a_table_that_is_too_small_for_the_disk() -> None:
    data = Image(MIB).build()
    struct.pack_into("<Q", data, METADATA_AT + 65544, 131072 * MIB)
    with pytest.raises(FormatError, match="found 1048576 bytes, expected at least 1048824"):
        opened(data)

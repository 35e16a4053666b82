# SPDX-License-Identifier: Apache-2.0
"""Grain directory and tables: bounds, overlaps, copies, and a memory that does not grow."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from tests.formats.recipes import SECTOR, MemorySource, fill, sparse_vmdk, stream_vmdk

from vmferry.errors import FormatError
from vmferry.formats.vmdk import tables as module
from vmferry.formats.vmdk.header import read_header
from vmferry.formats.vmdk.tables import GrainTables


def open_tables(data: bytearray) -> tuple[GrainTables, MemorySource]:
    source = MemorySource(data)
    return GrainTables(source, read_header(source)), source


def directory_of(data: bytearray) -> int:
    return int(struct.unpack_from("<Q", data, 56)[0]) * SECTOR


def test_tables_side_by_side_are_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, source = open_tables(sparse_vmdk({3: fill(3)}, 128 * 512 * 100))
    source.reads.clear()
    table = tables.table(0)
    assert table is not None
    assert [number for number, entry in enumerate(table) if entry] == [3]
    assert [tables.table(index) for index in range(1, 100)] == [None] * 99
    assert len(source.reads) == 2
    monkeypatch.setattr(module, "_KEPT", 8)
    tables, source = open_tables(sparse_vmdk({}, 128 * 512 * 100))
    for index in [*range(100), 0, 99]:
        assert tables.table(index) is None
    assert len(tables._kept) == 8


def test_the_next_table() -> None:
    tables, _ = open_tables(stream_vmdk({600: fill(1), 3000: fill(2)}, 128 * 512 * 8))
    assert [tables.next_table(at, 8) for at in range(8)] == [1, 1, 5, 5, 5, 5, 8, 8]
    assert tables.next_table(2, 4) == 4


def test_more_tables_than_the_file_has_room_for_are_refused_before_they_are_listed() -> None:
    count = 1 << 18
    data = sparse_vmdk({}, 128, redundant=False)
    struct.pack_into("<Q", data, 12, 128 * 512 * count)
    data[directory_of(data) :] = struct.pack("<I", 22) * count
    tracemalloc.start()
    try:
        with pytest.raises(
            FormatError, match=r"grain directory at byte \d+: found tables that overlap"
        ):
            open_tables(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * count * 4
    finally:
        tracemalloc.stop()


def test_an_absent_table_is_zeros() -> None:
    tables, _ = open_tables(stream_vmdk({600: fill(1)}, 128 * 1024))
    assert tables.table(0) is None
    assert tables.table(1) is not None


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ((1, 0), "found tables at sectors 1 to 1, expected inside"),
        ((60, 1 << 31), "found tables at sectors 60 to 2147483648, expected inside"),
        ((60, 62), "found tables that overlap"),
        ((60, 60), "found tables that overlap"),
    ],
)
def test_a_directory_with_wrong_tables(entries: tuple[int, int], message: str) -> None:
    data = sparse_vmdk({}, 128 * 1024, redundant=False)
    struct.pack_into("<2I", data, directory_of(data), *entries)
    with pytest.raises(FormatError, match=r"vmdk: grain directory at byte \d+") as caught:
        open_tables(data)
    assert message in caught.value.message


@pytest.mark.parametrize("place", [0, 5, 1 << 30, (1 << 64) - 2])
def test_a_directory_in_a_wrong_place(place: int) -> None:
    data = sparse_vmdk({}, 128 * 1024, redundant=False)
    struct.pack_into("<Q", data, 56, place)
    with pytest.raises(FormatError, match=f"grain directory at byte {place * SECTOR}: found 2"):
        open_tables(data)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ((1, 0), "found grains at sectors 1 to 1 in a file of"),
        ((128, 1 << 31), "found grains at sectors 128 to 2147483648 in a file of"),
        ((128, 200), "found grains that overlap"),
        ((128, 128), "found grains that overlap"),
    ],
)
def test_a_table_with_wrong_grains(entries: tuple[int, int], message: str) -> None:
    data = sparse_vmdk({0: fill(0), 1: fill(1)}, 128 * 1024, redundant=False)
    table = struct.unpack_from("<I", data, directory_of(data))[0] * SECTOR
    struct.pack_into("<2I", data, table, *entries)
    tables, _ = open_tables(data)
    with pytest.raises(FormatError, match=r"vmdk: grain table 0 at byte \d+") as caught:
        tables.table(0)
    assert message in caught.value.message
    assert tables.table(1) is None


def test_a_damaged_neighbour_is_reported_when_it_is_asked_for() -> None:
    data = sparse_vmdk({}, 128 * 1024, redundant=False)
    table = struct.unpack_from("<2I", data, directory_of(data))[1] * SECTOR
    struct.pack_into("<I", data, table, 1 << 31)
    tables, _ = open_tables(data)
    assert tables.table(0) is None
    with pytest.raises(FormatError, match="grain table 1"):
        tables.table(1)


def test_both_copies_damaged() -> None:
    data = sparse_vmdk({}, 128 * 1024)
    struct.pack_into("<Q", data, 48, 3)
    struct.pack_into("<Q", data, 56, 1 << 50)
    with pytest.raises(FormatError, match="grain directory at byte 1536"):
        open_tables(data)


def test_a_damaged_table_without_a_copy_is_not_zeros() -> None:
    data = sparse_vmdk({0: fill(0)}, 128 * 1024)
    table = struct.unpack_from("<I", data, directory_of(data))[0] * SECTOR
    struct.pack_into("<I", data, table, 1 << 31)
    redundant = struct.unpack_from("<Q", data, 48)[0] * SECTOR
    struct.pack_into("<I", data, redundant, 0)
    tables, _ = open_tables(data)
    with pytest.raises(FormatError, match="grain table 0"):
        tables.table(0)

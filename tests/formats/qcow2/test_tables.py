# SPDX-License-Identifier: Apache-2.0
"""L1 and L2 tables: lazily read, bounded, and every entry checked."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest
from tests.formats.qcow2.recipes import COMPRESSED, COPIED, ZERO, fill, image
from tests.formats.recipes import MemorySource

from vmferry.errors import FormatError
from vmferry.formats.qcow2 import tables
from vmferry.formats.qcow2.header import read_header
from vmferry.formats.qcow2.tables import ClusterTables


def open_tables(data: bytearray) -> tuple[ClusterTables, MemorySource]:
    source = MemorySource(data)
    return ClusterTables(source, read_header(source)), source


def test_entries_are_normal() -> None:
    found, _ = open_tables(image({0: fill(0), 5: fill(5)}, zeros=(5, 6), packed={9: b"stream"}))
    table = found.table(0)
    assert table is not None
    assert table[0] == 2048
    assert list(table[1:9]) == [0] * 8
    assert table[9] == COMPRESSED | 3072
    assert found.table(1) is None


def test_a_disk_of_no_bytes_has_no_l1_table_wherever_it_is_said_to_be() -> None:
    """Found by the fuzzer: no bytes were read, but from beyond the end of the file."""
    _, source = open_tables(image({}, size=0, l1_entries=0, l1_offset=1 << 40))
    assert (1 << 40, 0) not in source.reads


def test_tables_are_read_when_needed_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_KEPT", 512)
    found, source = open_tables(image({0: fill(0), 70: fill(70)}))
    assert (1024, 512) not in source.reads
    for index in (0, 0, 1, 1, 0):
        assert found.table(index) is not None
    assert [at for at, length in source.reads if at >= 1024] == [1024, 1536, 1024]


def test_the_next_table() -> None:
    data = image({}, size=32768 * 60, l1_entries=60)
    data[512:1024] = struct.pack(">64Q", *([0] * 40), 1024 | COPIED, *([0] * 23))
    found, _ = open_tables(data)
    assert [found.next_table(at, 60) for at in (0, 40, 41, 60)] == [40, 40, 60, 60]
    assert found.next_table(0, 20) == 20


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (513 | COPIED, "L1 table at byte 512: found unknown bits"),
        (1 << 57 | 1024, "L1 table at byte 512: found unknown bits"),
        (1 << 40, "L1 table at byte 512: found a cluster at byte 1099511627776, expected a place"),
        (2560, "L1 table at byte 512: found a cluster at byte 2560"),
        (1536, "L1 table at byte 512: found clusters that are used twice"),
    ],
)
def test_a_bad_l1_table(entry: int, message: str) -> None:
    data = image({0: fill(0)})
    struct.pack_into(">Q", data, 512, entry)
    with pytest.raises(FormatError, match=message):
        open_tables(data)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (1 << 60 | 2048, "found unknown bits"),
        (2048 | 4, "found unknown bits"),
        (512 * 7, "found a cluster at byte 3584, expected a place of its own behind the header"),
        (1 << 50, "found a cluster at byte 1125899906842624"),
        (2048, "found clusters that are used twice"),
        (COMPRESSED | 100, "found a cluster at byte 100"),
        (COMPRESSED | 1 << 40, "found a cluster at byte 1099511627776"),
        (COMPRESSED | 2560, "found a cluster at byte 2560"),
    ],
)
def test_a_bad_l2_table(entry: int, message: str) -> None:
    data = image({0: fill(0)}, packed={1: b"stream"}, entries={2: entry})
    found, _ = open_tables(data)
    with pytest.raises(FormatError, match="qcow2: L2 table 0 at byte 1024") as caught:
        found.table(0)
    assert message in caught.value.message


def test_more_l2_tables_than_the_file_has_room_for_are_refused_before_they_are_listed() -> None:
    entries = 1 << 17
    data = image({}, size=entries << 15, l1_entries=entries)
    data[512:] = struct.pack(">Q", 512 | COPIED) * entries
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="L1 table at byte 512: found clusters that are used"):
            open_tables(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(data)
    finally:
        tracemalloc.stop()


def test_a_walk_of_the_largest_l1_table_takes_no_second() -> None:
    """Found by the fuzzer: 128 GiB in clusters of 512 bytes, in a file that is a hole."""
    entries = 1 << 22
    data = image({}, size=entries << 15, l1_entries=entries).ljust(entries * 8 + 4096, b"\0")
    struct.pack_into(">Q", data, 512 + (entries - 2) * 8, 2048 | COPIED)
    found, _ = open_tables(data)
    started = time.process_time()
    assert [found.next_table(at, entries) for at in (0, 1, 2)] == [0, 1, entries - 2]
    assert found.next_table(entries - 1, entries) == entries
    assert time.process_time() - started < 1


def test_places_are_multiples_of_a_cluster() -> None:
    data = image({}, cluster_bits=10, l1_entries=1, l1_offset=1024)
    data[1024:2048] = struct.pack(">Q", 2048).ljust(1024, b"\0")
    data += struct.pack(">Q", 2560).ljust(2048, b"\0")
    found, _ = open_tables(data)
    with pytest.raises(FormatError, match="found a cluster at byte 2560"):
        found.table(0)
    struct.pack_into(">Q", data, 1024, 2560)
    with pytest.raises(FormatError, match="L1 table at byte 1024: found a cluster at byte 2560"):
        open_tables(data)


def test_version_2_knows_no_zero_clusters() -> None:
    data = image({}, entries={0: ZERO}, version=2)
    with pytest.raises(FormatError, match="L2 table 0 at byte 1024: found unknown bits"):
        open_tables(data)[0].table(0)

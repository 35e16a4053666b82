# SPDX-License-Identifier: Apache-2.0
"""The random reader: every shape that the specification allows, and every lie that it must find."""

from __future__ import annotations

import random
import struct
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import (
    HEADER,
    SECTOR,
    FileSource,
    MemorySource,
    SparseDisk,
    fill,
    read_all,
    sparse_vmdk,
    stream_vmdk,
    write_file,
)

from vmferry.errors import FormatError, SourceError
from vmferry.formats.vmdk.reader import VmdkReader
from vmferry.formats.vmdk.writer import VmdkWriter
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import GIB, MIB, TIB

if TYPE_CHECKING:
    from pathlib import Path

LENGTH_TEXT = "ClientError: Uncompressed data has invalid length"
FIELDS = {
    "magic": (0, 4),
    "version": (4, 4),
    "flags": (8, 4),
    "capacity": (12, 8),
    "grain size": (20, 8),
    "descriptor offset": (28, 8),
    "descriptor size": (36, 8),
    "table entries": (44, 4),
    "redundant offset": (48, 8),
    "directory offset": (56, 8),
    "overhead": (64, 8),
    "unclean": (72, 1),
    "newlines": (73, 4),
    "compression": (77, 2),
}


def expected(grains: dict[int, bytes], sectors: int, grain: int = 128) -> bytes:
    out = bytearray(sectors * SECTOR)
    for number, data in grains.items():
        start = number * grain * SECTOR
        out[start : start + len(data)] = data
    return bytes(out[: sectors * SECTOR])


@pytest.mark.parametrize("grain", [8, 16, 128, 2048])
@pytest.mark.parametrize("entries", [16, 512])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_stream_optimized_of_every_grain_size(grain: int, entries: int, version: int) -> None:
    numbers = [0, 1, 2, 5, 40, 41]
    sectors = grain * 43 + 7
    grains = {number: fill(number, grain * SECTOR) for number in numbers}
    data = stream_vmdk(grains, sectors, grain=grain, entries=entries, version=version)
    disk = VmdkReader(MemorySource(data))
    assert disk.size == sectors * SECTOR
    assert disk.create_type == "streamOptimized"
    assert disk.warnings == ()
    assert read_all(disk, 100_000) == expected(grains, sectors, grain)


@pytest.mark.parametrize("whole", [True, False])
def test_the_last_grain_may_be_whole_or_cut(whole: bool) -> None:
    data = fill(1)
    stored = data if whole else data[: 3 * SECTOR]
    disk = VmdkReader(MemorySource(stream_vmdk({1: stored}, 128 + 3)))
    assert read_all(disk) == bytes(65536) + data[: 3 * SECTOR]
    assert disk.read_at(65536 + 100, 50) == data[100:150]


def test_extents_follow_the_tables() -> None:
    disk = VmdkReader(MemorySource(stream_vmdk({1: fill(1), 2: fill(2), 600: fill(6)}, 128 * 700)))
    assert list(disk.extents(1000, 65536 * 2)) == [
        Extent(1000, 64536, ExtentKind.ZERO),
        Extent(65536, 66536, ExtentKind.DATA),
    ]
    assert [extent.offset // 65536 for extent in disk.extents()] == [0, 1, 3, 600, 601]
    assert list(disk.extents(5, 0)) == []


def test_neighbouring_grains_are_one_read() -> None:
    grains = {number: fill(number) for number in range(40)}
    source = MemorySource(stream_vmdk(grains, 128 * 64))
    disk = VmdkReader(source)
    disk.read_at(0, 1)
    source.reads.clear()
    assert disk.read_at(10, 40 * 65536 - 20) == expected(grains, 128 * 64)[10 : 40 * 65536 - 10]
    assert len(source.reads) == 1
    source.reads.clear()
    disk.read_at(3 * 65536, 65536)
    ((_, length),) = source.reads
    assert length <= 65536 + 1024


def test_a_grain_is_read_no_further_than_the_next() -> None:
    grains = {number: bytes([number]) * 65536 for number in (0, 1, 2, 5, 20)}
    source = MemorySource(stream_vmdk(grains, 128 * 32, entries=16))
    disk = VmdkReader(source)
    disk.read_at(0, 1)
    disk.read_at(20 * 65536, 1)
    source.reads.clear()
    for number in (0, 1, 2, 5):
        assert disk.read_at(number * 65536 + 9, 2) == bytes([number] * 2)
    # The last of its table has no next one; a grain's length is the most that it should have.
    assert [length for _, length in source.reads] == [SECTOR] * 3 + [
        source.size - source.reads[3][0]
    ]


def test_entries_need_not_ascend() -> None:
    grains = {0: fill(0), 1: fill(1), 2: fill(2)}
    whole = stream_vmdk(grains, 128 * 3)
    # Put grain 2 first: swap two markers with their data, and the entries with them.
    table = whole.index(struct.pack("<QII", 4, 0, 1)) + SECTOR
    places = list(struct.unpack_from("<3I", whole, table))
    blobs = [
        whole[places[0] * SECTOR : places[1] * SECTOR],
        whole[places[1] * SECTOR : places[2] * SECTOR],
        whole[places[2] * SECTOR : table - SECTOR],
    ]
    at = places[0] * SECTOR
    for number in (2, 0, 1):
        whole[at : at + len(blobs[number])] = blobs[number]
        struct.pack_into("<I", whole, table + 4 * number, at // SECTOR)
        at += len(blobs[number])
    assert read_all(VmdkReader(MemorySource(whole))) == b"".join(grains.values())


def test_monolithic_sparse_with_grains_of_zeros() -> None:
    grains = {0: fill(0), 3: fill(3), 4: fill(4), 1030: fill(9)}
    data = sparse_vmdk(grains, 128 * 1031, zeroed=(1, 5))
    source = MemorySource(data)
    disk = VmdkReader(source)
    assert disk.create_type == "monolithicSparse"
    assert read_all(disk) == expected(grains, 128 * 1031)
    assert [extent.kind.value for extent in disk.extents(0, 65536 * 4)] == ["data", "zero", "data"]
    source.reads.clear()
    disk.read_at(3 * 65536, 2 * 65536)
    assert len(source.reads) == 1


def test_the_last_grain_of_a_sparse_file_may_end_with_the_disk() -> None:
    data = sparse_vmdk({1: fill(1)}, 128 + 5)
    del data[-(128 - 5) * SECTOR :]
    disk = VmdkReader(MemorySource(data))
    assert disk.read_at(65536, 5 * SECTOR) == data[-5 * SECTOR :]
    del data[-SECTOR:]
    with pytest.raises(FormatError, match="grain beyond the end of the file") as caught:
        VmdkReader(MemorySource(data)).read_at(65536, 5 * SECTOR)
    assert caught.value.aws_text == LENGTH_TEXT


def test_no_more_than_asked_for_is_read_of_a_plain_grain() -> None:
    grain = 16 * MIB
    content = random.Random(1).randbytes(MIB)
    data = sparse_vmdk({1: bytes(5 * MIB) + content}, 3 * grain // SECTOR, grain=grain // SECTOR)
    source = MemorySource(data)
    disk = VmdkReader(source)
    disk.read_at(grain, 1)
    source.reads.clear()
    assert disk.read_at(grain + 5 * MIB + 7, 512) == content[7:519]
    assert disk.read_at(2 * grain - 512, 1024) == bytes(1024)
    assert [length for _, length in source.reads] == [512, 512]


def test_the_redundant_directory_stands_in_for_a_damaged_one() -> None:
    grains = {0: fill(0), 700: fill(7)}
    data = sparse_vmdk(grains, 128 * 1024)
    struct.pack_into("<Q", data, 56, 1 << 40)
    disk = VmdkReader(MemorySource(data))
    assert read_all(disk) == expected(grains, 128 * 1024)
    assert "the other copy is used" in disk.warnings[0]


def test_the_redundant_table_stands_in_for_a_damaged_one() -> None:
    grains = {0: fill(0), 700: fill(7)}
    data = sparse_vmdk(grains, 128 * 1024)
    directory = struct.unpack_from("<Q", data, 56)[0] * SECTOR
    table = struct.unpack_from("<I", data, directory + 4)[0] * SECTOR
    struct.pack_into("<I", data, table, 1 << 30)
    disk = VmdkReader(MemorySource(data))
    assert read_all(disk) == expected(grains, 128 * 1024)
    assert "the redundant table was used" in disk.warnings[0]


def test_an_unclean_shutdown_is_a_warning() -> None:
    data = sparse_vmdk({}, 128)
    data[72] = 1
    assert "unclean-shutdown flag" in VmdkReader(MemorySource(data)).warnings[0]


def read_or_refuse(data: bytearray) -> None:
    """Read both ends of a damaged disk; any error but ours ends the test."""
    with suppress(FormatError, SourceError):
        disk = VmdkReader(MemorySource(data))
        list(disk.extents())
        disk.read_at(0, min(disk.size, MIB))
        disk.read_at(max(disk.size - MIB, 0), min(disk.size, MIB))


def grain_at(data: bytearray) -> int:
    return data.index(struct.pack("<Q", 128), 128 * SECTOR)


@pytest.mark.parametrize(
    ("place", "form", "value", "message"),
    [
        (0, "<Q", 256, "grain marker at byte 65536: found sector 256, expected 128"),
        (8, "<I", 0, "found 0 bytes, expected inside the file"),
        (8, "<I", 1 << 31, "found 2147483648 bytes, expected inside the file"),
        (8, "<I", 30, "a stream of another length than its marker says"),
        (12, "<H", 0, "no deflate stream"),
    ],
)
def test_a_damaged_grain(place: int, form: str, value: int, message: str) -> None:
    data = stream_vmdk({1: fill(1)}, 128 * 4)
    struct.pack_into(form, data, grain_at(data) + place, value)
    disk = VmdkReader(MemorySource(data))
    with pytest.raises(FormatError) as caught:
        disk.read_at(0, disk.size)
    assert message in str(caught.value)
    assert caught.value.aws_text == LENGTH_TEXT


@pytest.mark.parametrize("length", [65536 - 1, 65536 + 1, 40 * MIB])
def test_a_grain_of_another_length(length: int) -> None:
    data = stream_vmdk({1: bytes(length)}, 128 * 4)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="inflated length at byte 65548") as caught:
            VmdkReader(MemorySource(data)).read_at(65536, 10)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    assert caught.value.aws_text == LENGTH_TEXT


def test_a_grain_beyond_the_end() -> None:
    data = stream_vmdk({0: fill(0)}, 128 * 4)
    table = data.index(struct.pack("<QII", 4, 0, 1)) + SECTOR
    struct.pack_into("<I", data, table, len(data) // SECTOR)
    with pytest.raises(FormatError, match=r"grain table 0 at byte \d+: found grains at sectors"):
        VmdkReader(MemorySource(data)).read_at(0, 10)


def test_a_range_outside_the_disk() -> None:
    disk = VmdkReader(MemorySource(stream_vmdk({}, 128)))
    for offset, length in ((-1, 2), (65536, 1), (0, 65537), (0, -1)):
        with pytest.raises(FormatError, match=r"vmdk: range: found .* expected inside 65536 bytes"):
            disk.read_at(offset, length)
    with pytest.raises(FormatError, match="vmdk: range"):
        list(disk.extents(0, 65537))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", ["stream", "sparse"])
def test_every_mutated_field_is_read_or_refused(field: str, kind: str) -> None:
    build = stream_vmdk if kind == "stream" else sparse_vmdk
    good = build({0: fill(0), 5: fill(5)}, 128 * 1024)
    place, size = FIELDS[field]
    old = int.from_bytes(good[place : place + size], "little")
    top = 1 << (8 * size)
    values = {0, 1, 2, 3, 7, 512, old + 1, old - 1, old ^ (old >> 1), top - 1, top >> 1, top >> 8}
    starts = [0] if kind == "sparse" else [0, len(good) - 2 * SECTOR]
    for value in values:
        for start in starts:
            data = bytearray(good)
            data[start + place : start + place + size] = (value % top).to_bytes(size, "little")
            read_or_refuse(data)


@pytest.mark.parametrize("kind", ["stream", "sparse"])
def test_any_damage_is_read_or_refused(kind: str) -> None:
    chance = random.Random(5)
    build = stream_vmdk if kind == "stream" else sparse_vmdk
    good = build({0: fill(0), 5: fill(5)}, 128 * 8, entries=16)
    for _ in range(400):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 255, chance.randrange(256)))
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        read_or_refuse(data)


def test_a_huge_capacity_needs_a_huge_file() -> None:
    data = sparse_vmdk({}, 128)
    struct.pack_into("<Q", data, 12, (64 * TIB) // SECTOR)
    with pytest.raises(FormatError, match=r"descriptor extent: found 128 sectors"):
        VmdkReader(MemorySource(data))
    struct.pack_into("<Q", data, 12, (64 * TIB) // SECTOR + 1)
    with pytest.raises(FormatError, match="header capacity at byte 12"):
        VmdkReader(MemorySource(data))


def test_a_tebibyte_opens_in_little_memory(tmp_path: Path) -> None:
    ranges = {at * 100 * GIB + 4096: os_bytes(at) for at in range(10)}
    disk = SparseDisk(TIB, ranges)
    path = tmp_path / "big.vmdk"
    write_file(VmdkWriter(TIB), disk, path, [at * 64 * GIB for at in range(1, 16)])
    assert path.stat().st_size < 8 * MIB
    tracemalloc.start()
    try:
        reader = VmdkReader(FileSource(path))
        assert len(list(reader.extents())) == 20
        for at in range(10):
            assert reader.read_at(at * 100 * GIB + 4096, 100_000) == os_bytes(at)
        assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    finally:
        tracemalloc.stop()


def os_bytes(seed: int) -> bytes:
    return random.Random(seed).randbytes(100_000)


def test_the_recipe_has_the_size_of_the_specification() -> None:
    assert HEADER.size == SECTOR

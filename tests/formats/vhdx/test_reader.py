# SPDX-License-Identifier: Apache-2.0
"""The reader: every layout that the specification allows, and every lie that it must find."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import MemorySource, read_all
from tests.formats.vhdx.images import (
    BAT_AT,
    KIB,
    LOG_AT,
    METADATA_AT,
    MIB,
    PRESENT,
    Image,
    log_entry,
    noise,
    page_with,
    reseal,
    ring,
)

from vmferry.errors import FormatError, SourceError
from vmferry.formats.vhdx.reader import VhdxReader, check_layout
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import TIB

if TYPE_CHECKING:
    from collections.abc import Iterator


def dirty(number: int = 1) -> tuple[bytearray, bytes]:
    """Return a file whose log adds block ``number``, and the disk with it."""
    image = Image(4 * MIB, {0: noise(), number: noise()})
    wanted = image.content()
    data = image.build()
    entry = struct.unpack_from("<Q", data, image.entry_at(number))[0]
    struct.pack_into("<Q", data, image.entry_at(number), 0)
    page = page_with(image, data, {number: entry})
    log = ring(MIB, 4096, [log_entry(3, 4096, [(BAT_AT, page)], flushed=6 * MIB, last=6 * MIB)])
    image.log = log
    built = image.build()
    struct.pack_into("<Q", built, image.entry_at(number), 0)
    return built, wanted


@pytest.mark.parametrize("block", [MIB, 2 * MIB, 8 * MIB])
@pytest.mark.parametrize("logical", [512, 4096])
def test_every_block_size(block: int, logical: int) -> None:
    image = Image(5 * block + logical * 3, {0: noise(block), 2: noise(block), 5: noise(logical)})
    image.block, image.logical = block, logical
    disk = VhdxReader(MemorySource(image.build()))
    assert disk.size == image.size
    assert disk.warnings == ()
    assert read_all(disk, 1_000_003) == image.content()


def test_extents_follow_the_table() -> None:
    disk = VhdxReader(MemorySource(Image(10 * MIB, {2: b"a", 3: b"b", 9: b"c"}).build()))
    zero, data = ExtentKind.ZERO, ExtentKind.DATA
    assert list(disk.extents()) == [
        Extent(0, 2 * MIB, zero),
        Extent(2 * MIB, 2 * MIB, data),
        Extent(4 * MIB, 5 * MIB, zero),
        Extent(9 * MIB, MIB, data),
    ]
    assert list(disk.extents(MIB + 5, MIB)) == [
        Extent(MIB + 5, MIB - 5, zero),
        Extent(2 * MIB, 5, data),
    ]
    assert list(disk.extents(3 * MIB + 7, 9)) == [Extent(3 * MIB + 7, 9, data)]
    assert list(disk.extents(5, 0)) == []


def test_blocks_side_by_side_are_one_read() -> None:
    image = Image(4 * MIB, {0: noise(), 1: noise(), 2: noise(), 3: noise()})
    data = image.build()
    for number in range(4):  # the recipe puts the last block first
        struct.pack_into("<Q", data, image.entry_at(number), (4 + number) << 20 | PRESENT)
    source = MemorySource(data)
    disk = VhdxReader(source)
    disk.read_at(0, 1)
    source.reads.clear()
    assert disk.read_at(5, 4 * MIB - 10) == data[4 * MIB + 5 : 8 * MIB - 5]
    assert source.reads == [(4 * MIB + 5, 4 * MIB - 10)]


def test_the_log_is_replayed() -> None:
    data, wanted = dirty()
    disk = VhdxReader(MemorySource(data))
    assert read_all(disk) == wanted
    assert disk.warnings == (
        "vhdx: the log was replayed in memory: the disk was open when it was copied",
    )
    struct.pack_into("<16x", data, 128 * KIB + 48)
    data[128 * KIB + 48 : 128 * KIB + 64] = bytes(16)
    reseal(data)
    assert read_all(VhdxReader(MemorySource(data))) == wanted[:MIB] + bytes(3 * MIB)


def test_the_log_may_hold_metadata_and_the_region_table() -> None:
    image = Image(2 * MIB, {0: b"x" * MIB})
    data = image.build()
    at = METADATA_AT + 64 * KIB
    items = bytearray(data[at : at + 4096])
    struct.pack_into("<Q", items, 8, 2 * MIB)
    regions = bytes(data[192 * KIB : 196 * KIB])
    image.log = ring(MIB, 0, [log_entry(1, 0, [(at, bytes(items)), (192 * KIB, regions)])])
    image.size = MIB
    broken = image.build()
    broken[192 * KIB] = 0
    disk = VhdxReader(MemorySource(broken))
    assert disk.size == 2 * MIB
    assert len(disk.warnings) == 1


def test_a_range_outside_the_disk() -> None:
    disk = VhdxReader(MemorySource(Image(MIB).build()))
    for offset, length in ((-1, 2), (MIB, 1), (0, MIB + 1), (0, -1)):
        with pytest.raises(FormatError, match=r"vhdx: range: found .* expected inside 1048576"):
            disk.read_at(offset, length)
    with pytest.raises(FormatError, match="vhdx: range"):
        list(disk.extents(0, MIB + 1))


def read_or_refuse(data: bytes | bytearray) -> None:
    """Read both ends of a damaged disk; any error but ours ends the test."""
    with suppress(FormatError, SourceError):
        check_layout(MemorySource(data))
        disk = VhdxReader(MemorySource(data))
        list(disk.extents(0, min(disk.size, TIB)))
        disk.read_at(0, min(disk.size, 2 * MIB))
        disk.read_at(max(disk.size - MIB, 0), min(disk.size, MIB))


def fields() -> Iterator[tuple[int, int]]:
    """Yield place and length of every field that the reader looks at."""
    header = [(0, 4), (4, 4), (8, 8), (16, 8), (48, 8), (64, 2), (66, 2), (68, 4), (72, 8)]
    yield from ((128 * KIB + at, size) for at, size in header)
    regions = [
        (0, 4),
        (4, 4),
        (8, 4),
        *(
            (16 + 32 * row + at, size)
            for row in (0, 1)
            for at, size in ((0, 8), (16, 8), (24, 4), (28, 4))
        ),
    ]
    yield from ((192 * KIB + at, size) for at, size in regions)
    rows = [
        (32 + 32 * row + at, size)
        for row in range(5)
        for at, size in ((0, 8), (16, 4), (20, 4), (24, 4))
    ]
    yield from ((METADATA_AT + at, size) for at, size in [(0, 8), (10, 2), *rows])
    items = [(0, 4), (4, 4), (8, 8), (16, 8), (32, 4), (36, 4)]
    yield from ((METADATA_AT + 64 * KIB + at, size) for at, size in items)
    yield from ((BAT_AT + 8 * number, 8) for number in range(4))
    entry = [(0, 4), (4, 4), (8, 4), (12, 4), (16, 8), (24, 4), (32, 8), (48, 8), (56, 8)]
    entry += [(64, 4), (68, 4), (72, 8), (80, 8), (88, 8), (4096, 4), (4100, 4), (8188, 4)]
    yield from ((LOG_AT + 4096 + at, size) for at, size in entry)


@pytest.mark.parametrize("fixed", [True, False], ids=["right checksums", "wrong checksums"])
def test_every_mutated_field_is_read_or_refused(fixed: bool) -> None:
    good, _ = dirty()
    for place, size in fields():
        old = int.from_bytes(good[place : place + size], "little")
        top = 1 << (8 * size)
        values = {0, 1, 2, 7, 512, 4096, MIB, old + 1, old - 1, old ^ (old >> 1), top - 1, top >> 1}
        for value in values:
            data = bytearray(good)
            data[place : place + size] = (value % top).to_bytes(size, "little")
            if place < MIB:  # the copy, and the older header, follow
                data[64 * KIB : 64 * KIB + 4] = bytes(4)
                data[256 * KIB : 320 * KIB] = data[192 * KIB : 256 * KIB]
            if fixed:
                reseal(data)
            read_or_refuse(data)


def test_any_damage_is_read_or_refused() -> None:
    chance = random.Random(5)
    good, _ = dirty()
    starts = (64 * KIB, 128 * KIB, 192 * KIB, METADATA_AT, METADATA_AT + 64 * KIB, BAT_AT, LOG_AT)
    for _ in range(200):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            place = chance.choice(starts) + chance.randrange(4096)
            data[place] = chance.choice((0, 1, 255, chance.randrange(256)))
        if chance.random() < 0.6:
            reseal(data)
        read_or_refuse(data)


@pytest.mark.parametrize(
    "end", [64 * KIB, 192 * KIB, 256 * KIB, LOG_AT, METADATA_AT, BAT_AT, 4 * MIB, 5 * MIB]
)
@pytest.mark.parametrize("beside", [-1, 0, 1, 4096])
def test_a_file_cut_at_any_table_is_refused(end: int, beside: int) -> None:
    good, _ = dirty()
    with pytest.raises((FormatError, SourceError)):
        read_all(VhdxReader(MemorySource(good[: end + beside])))


def test_a_large_disk_opens_at_once_in_little_memory() -> None:
    """64 TiB in blocks of 1 MiB: the table has 64 Mi entries, all holes but a few."""
    image = Image(64 * TIB)
    head = Image(MIB).build()
    struct.pack_into("<Q", head, METADATA_AT + 64 * KIB + 8, image.size)
    for place in (192 * KIB, 256 * KIB):
        struct.pack_into("<I", head, place + 16 + 24, image.bat_size)
    far = 40_000_000
    end = BAT_AT + image.bat_size
    reseal(head)

    class Sparse(MemorySource):
        def read_at(self, offset: int, length: int) -> bytes:
            entry = image.entry_at(far)
            out = bytearray(self.data[offset : offset + length].ljust(length, b"\0"))
            if offset <= entry < offset + length:
                struct.pack_into("<Q", out, entry - offset, end | PRESENT)
            return bytes(out)

    source = Sparse(head)
    source.size = end + MIB
    tracemalloc.start()
    started = time.process_time()
    try:
        disk = VhdxReader(source)
        assert time.process_time() - started < 1
        assert disk.read_at(64 * TIB - 4096, 4096) == bytes(4096)
        kinds = [(extent.offset // MIB, extent.kind.value) for extent in disk.extents()]
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
    assert kinds == [(0, "zero"), (far, "data"), (far + 1, "zero")]

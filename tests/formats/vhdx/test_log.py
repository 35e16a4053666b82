# SPDX-License-Identifier: Apache-2.0
"""Log replay: the active sequence of the specification, and nothing else, is applied."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhdx.images import (
    LOG_AT,
    LOG_GUID,
    MIB,
    PAGE,
    Changes,
    Image,
    log_entry,
    noise,
    ring,
    seal,
)

from vmferry.errors import FormatError
from vmferry.formats.vhdx.header import read_header
from vmferry.formats.vhdx.log import replay

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

AT = 3 * MIB + 64 * 1024


def page(letter: str) -> bytes:
    return letter.encode() * PAGE


def replayed(log: bytes, size: int = MIB) -> ByteSource:
    source = MemorySource(Image(MIB, {0: noise()}, log=log, log_size=size).build())
    return replay(source, read_header(source))


def seen(log: bytes, places: int = 6) -> str:
    """Return the first letter of each page behind ``AT``; ``.`` is zero."""
    source = replayed(log)
    read = "".join(chr(source.read_at(AT + at * PAGE, 1)[0]) for at in range(places))
    return read.replace("\0", ".")


def change(at: int, letter: str) -> Changes:
    return [(AT + at * PAGE, page(letter))]


def test_a_clean_log_leaves_the_file_alone() -> None:
    source = MemorySource(Image(MIB).build())
    assert replay(source, read_header(source)) is source


def test_one_entry() -> None:
    assert seen(ring(MIB, 0, [log_entry(1, 0, change(1, "a"))])) == ".a...."


def test_a_page_keeps_the_bytes_that_its_descriptor_holds() -> None:
    data = bytes(range(256)) * 16
    source = replayed(ring(MIB, 0, [log_entry(1 << 40 | 5, 0, [(AT, data)])]))
    assert source.read_at(AT, PAGE) == data


def test_later_entries_count_and_zeros_too() -> None:
    entries = [
        log_entry(5, 0, [*change(0, "a"), *change(1, "b"), *change(2, "c")]),
        log_entry(6, 0, [*change(1, "d"), (AT + 2 * PAGE, 2 * PAGE)]),
        log_entry(7, 0, change(3, "e")),
    ]
    assert seen(ring(MIB, 0, entries)) == "ad.e.."


def test_more_descriptors_than_a_sector_has() -> None:
    pages: Changes = [(AT + at * PAGE, page("z")) for at in range(150)]
    source = replayed(ring(MIB, 5 * PAGE, [log_entry(9, 5 * PAGE, pages)]))
    assert source.read_at(AT, 150 * PAGE) == page("z") * 150


def test_the_replay_begins_at_the_tail() -> None:
    first, second = log_entry(5, 0, change(0, "a")), log_entry(6, 2 * PAGE, change(1, "b"))
    assert seen(ring(MIB, 0, [first, second])) == ".b...."


def test_a_sequence_may_go_round_the_end() -> None:
    first = MIB - 3 * PAGE
    entries = [log_entry(5 + at, first, change(at, "abc"[at])) for at in range(3)]
    assert seen(ring(MIB, first, entries)) == "abc..."
    first = MIB - PAGE
    assert seen(ring(MIB, first, [log_entry(5, first, change(0, "a"))])) == "a....."


def test_the_greater_sequence_counts() -> None:
    old = log_entry(50, 0, change(0, "o")) + log_entry(51, 0, change(1, "o"))
    new = log_entry(90, 8 * PAGE, change(2, "n"))
    assert seen(ring(MIB, 8 * PAGE, [new], old)) == "..n..."
    assert seen(ring(MIB, 8 * PAGE, [log_entry(9, 8 * PAGE, change(2, "n"))], old)) == "oo...."


def test_entries_of_another_log_do_not_count() -> None:
    other = log_entry(51, 0, change(1, "o"), owner=bytes(16))
    assert seen(ring(MIB, 0, [log_entry(50, 0, change(0, "a")), other])) == "a....."


def test_an_entry_that_was_not_written_to_its_end_does_not_count() -> None:
    whole, torn = log_entry(5, 0, change(0, "a")), log_entry(6, 0, change(1, "b"))
    for cut in (PAGE, PAGE + 100, 2 * PAGE - 4):
        assert seen(ring(MIB, 0, [whole, torn[:cut].ljust(2 * PAGE, b"\0")])) == "a....."


def test_a_gap_in_the_numbers_ends_a_sequence() -> None:
    entries = [log_entry(5, 0, change(0, "a")), log_entry(7, 0, change(1, "b"))]
    assert seen(ring(MIB, 0, entries)) == "a....."


@pytest.mark.parametrize(
    ("place", "form", "value"),
    [
        (0, "<I", 0),
        (8, "<I", 0),
        (8, "<I", PAGE),
        (8, "<I", PAGE + 1),
        (8, "<I", 2 * MIB),
        (8, "<I", (1 << 32) - PAGE),
        (12, "<I", 1),
        (12, "<I", PAGE),
        (16, "<Q", 0),
        (16, "<Q", 6),
        (24, "<I", 0),
        (24, "<I", 2),
        (24, "<I", (1 << 32) - 1),
        (32, "<Q", 1),
        (64, "<I", 0),
        (64 + 16, "<Q", 1),
        (64 + 24, "<Q", 9),
        (PAGE, "<I", 0),
        (PAGE + 4, "<I", 1),
        (2 * PAGE - 4, "<I", 1),
    ],
)
def test_a_log_without_a_valid_sequence_is_refused(place: int, form: str, value: int) -> None:
    """Each field is wrong under a right checksum; the checksum alone is tested below."""
    entry = bytearray(log_entry(5, 0, change(0, "a")))
    struct.pack_into(form, entry, place, value)
    seal(entry, 0, len(entry))
    with pytest.raises(FormatError, match="vhdx: log at byte 1048576: found no valid sequence"):
        replayed(ring(MIB, 0, [bytes(entry)]))


def test_a_zeroing_of_no_whole_pages_is_refused() -> None:
    for length in (1, 512, (1 << 64) - 1):
        with pytest.raises(FormatError, match="found no valid sequence"):
            replayed(ring(MIB, 0, [log_entry(5, 0, [(AT, length)])]))


def test_a_checksum_that_is_wrong() -> None:
    entry = bytearray(log_entry(5, 0, change(0, "a")))
    entry[PAGE + 100] ^= 1
    with pytest.raises(FormatError, match="found no valid sequence"):
        replayed(ring(MIB, 0, [bytes(entry)]))


def test_a_log_of_no_bytes_or_too_many() -> None:
    for size in (0, 33 * MIB):
        data = Image(MIB, log=b"x").build()
        data.extend(bytes(40 * MIB))
        for place in (64 * 1024, 128 * 1024):
            struct.pack_into("<IQ", data, place + 68, size, 4 * MIB)
            seal(data, place, PAGE)
        source = MemorySource(data)
        with pytest.raises(FormatError, match=f"log that must be replayed .* found {size} bytes"):
            replay(source, read_header(source))


def test_a_file_that_was_cut_is_refused() -> None:
    entry = log_entry(5, 0, change(0, "a"), flushed=90 * MIB, last=90 * MIB)
    with pytest.raises(FormatError, match="file was cut: found 5242880 bytes, expected 94371840"):
        replayed(ring(MIB, 0, [entry]))


def test_the_file_may_grow_by_its_log() -> None:
    source = replayed(ring(MIB, 0, [log_entry(5, 0, [(AT, 4096)], last=90 * MIB)]))
    assert source.size == 90 * MIB
    assert source.read_at(89 * MIB, MIB) == bytes(MIB)


def test_a_zeroing_longer_than_any_file() -> None:
    source = replayed(ring(MIB, 0, [log_entry(5, 0, [(AT, (1 << 64) - PAGE)])]))
    assert source.read_at(AT, source.size - AT) == bytes(source.size - AT)


def test_too_many_descriptors_are_refused() -> None:
    zeros: Changes = [(AT, PAGE)] * (1 << 15)
    entries = [log_entry(5 + at, 0, zeros) for at in range(3)]
    size = 4 * MIB
    with pytest.raises(FormatError, match="log descriptors: found 98304, expected 65536"):
        replayed(ring(size, 0, entries), size)


def test_a_million_descriptors_are_refused_before_they_are_kept() -> None:
    size = 32 * MIB
    count = (size - PAGE) // 32 - 200
    head = struct.pack("<4sIIIQI4x16sQQ", b"loge", 0, 0, 0, 5, count, LOG_GUID, MIB, size)
    entry = bytearray(head + struct.pack("<4s4xQQQ", b"zero", PAGE, AT, 5) * count)
    entry += bytes(-len(entry) % PAGE)
    struct.pack_into("<I", entry, 8, len(entry))
    seal(entry, 0, len(entry))
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="log descriptors: found 65537, expected 65536"):
            replayed(bytes(entry), size)
        assert tracemalloc.get_traced_memory()[1] < 10 * size
    finally:
        tracemalloc.stop()


def test_the_search_costs_no_more_than_the_log_is_long() -> None:
    """Every page claims to begin an entry as long as the log; all are in vain."""
    size = 16 * MIB
    claim = bytearray(log_entry(1, 0, [(AT, PAGE)]))
    struct.pack_into("<II", claim, 8, size, PAGE)
    struct.pack_into("<I", claim, 24, size // 64)
    log = bytes(claim) * (size // PAGE)
    chain = b"".join(log_entry(1 + at, size - PAGE, [(AT, PAGE)]) for at in range(size // PAGE - 1))
    for hostile in (log, chain):
        started = time.process_time()
        with pytest.raises(FormatError, match="found no valid sequence"):
            replayed(hostile, size)
        assert time.process_time() - started < 3


def test_any_damage_is_replayed_or_refused() -> None:
    chance = random.Random(3)
    entries = [log_entry(5 + at, 0, [*change(at, "a"), (AT, PAGE)]) for at in range(4)]
    good = ring(MIB, 0, entries)
    source = MemorySource(Image(MIB, log=good).build())
    header = read_header(source)
    for _ in range(300):
        data = bytearray(source.data)
        for _ in range(chance.randint(1, 4)):
            data[LOG_AT + chance.randrange(len(b"".join(entries)))] = chance.randrange(256)
        with suppress(FormatError):
            replay(MemorySource(data), header)
    assert header.log_guid == LOG_GUID

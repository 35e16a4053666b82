# SPDX-License-Identifier: Apache-2.0
"""Of two headers the valid one with the greater number counts."""

from __future__ import annotations

import struct

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhdx.images import KIB, LOG_GUID, MIB, Image, reseal

from vmferry.errors import FormatError
from vmferry.formats.vhdx.header import Header, probe, read_header

FIRST, SECOND = 64 * KIB, 128 * KIB


def test_the_probe_looks_at_eight_bytes() -> None:
    assert probe(MemorySource(b"vhdxfile"))
    assert not probe(MemorySource(b"vhdxfil"))
    assert not probe(MemorySource(b"vhdxfilf"))


def test_the_greater_number_counts() -> None:
    data = Image(MIB).build()
    assert read_header(MemorySource(data)).sequence == 8
    struct.pack_into("<Q", data, FIRST + 8, 9)
    reseal(data)
    assert read_header(MemorySource(data)).sequence == 9


@pytest.mark.parametrize(("broken", "left"), [(FIRST, 8), (SECOND, 7)])
@pytest.mark.parametrize("at", [0, 4, 8, 4095])
def test_a_damaged_header_does_not_count(broken: int, left: int, at: int) -> None:
    data = Image(MIB).build()
    data[broken + at] ^= 1
    assert read_header(MemorySource(data)).sequence == left


def test_no_header_is_left() -> None:
    data = Image(MIB).build()
    data[FIRST + 16] ^= 1
    data[SECOND + 16] ^= 1
    with pytest.raises(FormatError, match="vhdx: headers at byte 65536: found none with a right"):
        read_header(MemorySource(data))


def test_equal_numbers_need_equal_headers() -> None:
    data = Image(MIB).build()
    struct.pack_into("<Q", data, FIRST + 8, 8)
    reseal(data)
    assert read_header(MemorySource(data)).sequence == 8
    data[FIRST + 16] ^= 1
    reseal(data)
    with pytest.raises(FormatError, match="found two that differ with number 8"):
        read_header(MemorySource(data))


@pytest.mark.parametrize(
    ("place", "form", "value", "message"),
    [
        (66, "<H", 2, "header version: found 2, expected 1"),
        (68, "<I", MIB + 4096, "header log: found 1052672 bytes at 1048576"),
        (68, "<I", 1 << 31, "header log: found 2147483648 bytes"),
        (72, "<Q", 0, "header log: found 1048576 bytes at 0"),
        (72, "<Q", MIB + 1, "header log"),
        (72, "<Q", (1 << 64) - MIB, "header log"),
    ],
)
def test_fields_that_cannot_be_followed(place: int, form: str, value: int, message: str) -> None:
    data = Image(MIB).build()
    struct.pack_into(form, data, SECOND + place, value)
    reseal(data)
    with pytest.raises(FormatError, match=message):
        read_header(MemorySource(data))


def test_the_log_version_matters_if_there_is_a_log() -> None:
    data = Image(MIB).build()
    struct.pack_into("<H", data, SECOND + 64, 1)
    reseal(data)
    assert read_header(MemorySource(data)).log_version == 1
    data[SECOND + 48 : SECOND + 64] = LOG_GUID
    reseal(data)
    with pytest.raises(FormatError, match="log version: found 1, expected 0"):
        read_header(MemorySource(data))


def test_a_file_shorter_than_its_headers() -> None:
    data = Image(MIB).build()[: MIB - 1]
    with pytest.raises(FormatError, match="vhdx: file: found 1048575 bytes, expected at least"):
        read_header(MemorySource(data))


def test_a_header_is_packed_as_it_was_read() -> None:
    data = Image(MIB).build()
    header = read_header(MemorySource(data))
    assert isinstance(header, Header)
    assert header.pack() == data[SECOND : SECOND + 4096]

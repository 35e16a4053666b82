# SPDX-License-Identifier: Apache-2.0
"""One entry of a block map, byte by byte as its table says."""

from __future__ import annotations

import re

import pytest

from vmferry.blocks.location import ENTRY, NO_SEGMENT, PLAIN, ZSTD, Location, segment_key, unpack
from vmferry.errors import IntegrityError
from vmferry.units import BLOCK

DIGEST, SEGMENT = bytes(range(32)), bytes(range(100, 116))


def test_an_entry_lies_as_its_table_says() -> None:
    data = Location(DIGEST, SEGMENT, 0x01020304, 0x050607, ZSTD).pack()
    assert data == DIGEST + SEGMENT + bytes.fromhex("04030201 07060500 01000000 00000000")
    assert len(data) == ENTRY.size == 64
    assert unpack(b"xx" + data, 2, "it") == Location(DIGEST, SEGMENT, 0x01020304, 0x050607, ZSTD)


def test_absent_is_a_segment_of_zeros() -> None:
    assert unpack(bytes(64), 0, "it").absent
    assert not Location(DIGEST, SEGMENT, 0, 0, PLAIN).absent
    assert Location(DIGEST, NO_SEGMENT, 5, 5, PLAIN).absent


@pytest.mark.parametrize(("length", "coding"), [(BLOCK + 1, PLAIN), (1, 2), (1 << 31, 77)])
def test_what_we_never_write(length: int, coding: int) -> None:
    data = Location(DIGEST, SEGMENT, 0, length, coding).pack()
    text = f"block map m: entry has length {length} and coding {coding}, expected at most 524288"
    with pytest.raises(IntegrityError, match=re.escape(text) + " and 0 or 1$"):
        unpack(data, 0, "block map m")


def test_segments_lie_in_256_folders() -> None:
    assert segment_key(b"\xab" * 16) == "segments/ab/" + "ab" * 16

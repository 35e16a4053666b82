# SPDX-License-Identifier: Apache-2.0
"""The dynamic header: every field that can lie."""

from __future__ import annotations

from typing import Any

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhd.recipes import AWS_TEXT, dynamic_vhd, header, opened

from vmferry.errors import FormatError
from vmferry.formats.vhd.footers import find_footer
from vmferry.formats.vhd.header import make_header, read_header
from vmferry.units import MIB, TIB

SIZE = 16384


def test_what_we_write() -> None:
    assert make_header(1536, 5, 2 * MIB).pack() == header(5, 2 * MIB)


def test_bitmaps() -> None:
    sizes = {4096: 512, 512 * 1024: 512, 2 * MIB: 512, 4 * MIB: 1024, 256 * MIB: 65536}
    for block, bitmap in sizes.items():
        assert make_header(1536, 1, block).bitmap_size == bitmap


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cookie": b"cxsparsf"}, "vhd: dynamic header cookie at byte 512"),
        ({"version": 0x20000}, "vhd: dynamic header version at byte 536: found 0x00020000"),
        ({"block": 0}, "vhd: dynamic header block size at byte 544: found 0"),
        ({"block": 2048}, "vhd: dynamic header block size"),
        ({"block": 12288}, "vhd: dynamic header block size"),
        ({"block": 1 << 31}, "vhd: dynamic header block size"),
        ({"entries": 3}, "vhd: dynamic header max table entries at byte 540: found 3, expected at"),
        ({"table_offset": 0}, "vhd: block allocation table at byte 0: found 4 entries"),
        ({"table_offset": 500}, "vhd: block allocation table at byte 500"),
        ({"table_offset": 1532}, "vhd: block allocation table at byte 1532"),
        ({"table_offset": 1 << 40}, "vhd: block allocation table at byte 1099511627776"),
        ({"table_offset": (1 << 64) - 1}, "vhd: block allocation table"),
    ],
)
def test_fields_that_lie(changes: dict[str, Any], message: str) -> None:
    data = dynamic_vhd({1: b"x"}, SIZE, header_changes=changes)
    with pytest.raises(FormatError) as caught:
        opened(data)
    assert caught.value.message.startswith(message)
    assert caught.value.aws_text == AWS_TEXT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_offset": 0}, "vhd: footer data offset: found 0"),
        ({"data_offset": 1 << 63}, "vhd: footer data offset"),
        ({"data_offset": 513}, "vhd: dynamic header cookie at byte 513"),
        ({"current_size": 2 * TIB + 512}, "vhd: size of the disk: found 2199023256064"),
        ({"current_size": 1 << 63}, "vhd: size of the disk"),
    ],
)
def test_footers_that_lie(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        opened(dynamic_vhd({1: b"x"}, SIZE, changes=changes))
    assert caught.value.message.startswith(message)


def test_a_wrong_checksum() -> None:
    data = dynamic_vhd({}, SIZE)
    data[512 + 900] ^= 1
    with pytest.raises(FormatError, match="vhd: dynamic header checksum at byte 548: found 0x"):
        opened(data)


def test_a_longer_table_than_the_disk_needs() -> None:
    source = MemorySource(dynamic_vhd({}, SIZE, header_changes={"entries": 1 << 31}))
    assert read_header(source, find_footer(source)).table_entries == 1 << 31

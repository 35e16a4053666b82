# SPDX-License-Identifier: Apache-2.0
"""The header: what is refused, with the field, the place and AWS's text."""

from __future__ import annotations

import struct

import pytest
from tests.formats.recipes import AT_END, HEADER, SECTOR, MemorySource, sparse_vmdk, stream_vmdk

from vmferry.errors import FormatError
from vmferry.formats.vmdk.header import SparseHeader, read_header

UNSUPPORTED = "ClientError: Disk validation failed [Unsupported VMDK File Format]"


def test_pack_and_unpack() -> None:
    data = bytes(stream_vmdk({}, 128 * 600)[:SECTOR])
    header = SparseHeader.unpack(data)
    assert header.pack() == data
    assert len(data) == HEADER.size
    assert (header.grains, header.tables, header.table_sectors, header.directory_sectors) == (
        600,
        2,
        4,
        1,
    )
    assert header.compressed
    assert not header.redundant


def test_the_footer_gives_the_place_of_the_directory() -> None:
    data = stream_vmdk({}, 128)
    assert SparseHeader.unpack(bytes(data[:SECTOR])).directory_offset == AT_END
    assert read_header(MemorySource(data)).directory_offset * SECTOR == len(data) - 4 * SECTOR


@pytest.mark.parametrize(
    ("place", "form", "value", "message"),
    [
        (0, "4s", b"QFI\xfb", "header magic at byte 0: found b'QFI\\xfb', expected b'KDMV'"),
        (4, "I", 4, "header version at byte 4: found 4, expected 1, 2 or 3"),
        (8, "I", 0x10001, "header flags at byte 8: found compressed grains without markers"),
        (12, "Q", 0, "header capacity at byte 12: found 0 sectors"),
        (20, "Q", 96, "header grain size at byte 20: found 96 sectors, expected a power of two"),
        (20, "Q", 4, "header grain size at byte 20: found 4 sectors"),
        (20, "Q", 1 << 40, "header grain size at byte 20: found"),
        (28, "Q", 0, "no embedded descriptor: this is one extent of a disk of several files"),
        (28, "Q", 1 << 60, "vmdk: descriptor at byte"),
        (36, "Q", 1 << 20, "header descriptor size at byte 36: found 1048576 sectors"),
        (44, "I", 0, "header grain table entries at byte 44: found 0, expected 1 to 4096"),
        (73, "4s", b"\n \n\n", "header newline test at byte 73"),
        (77, "H", 2, "header compression algorithm at byte 77: found 2, expected 1, deflate"),
    ],
)
def test_fields_out_of_range(place: int, form: str, value: object, message: str) -> None:
    data = stream_vmdk({}, 128 * 4)
    struct.pack_into("<" + form, data, place, value)
    with pytest.raises(FormatError) as caught:
        read_header(MemorySource(data))
    assert message in caught.value.message
    assert caught.value.aws_text == UNSUPPORTED


@pytest.mark.parametrize(
    ("place", "form", "value", "message"),
    [
        (12, "Q", 999, "footer capacity at byte {}: found 999, expected 512 as header"),
        (20, "Q", 64, "footer grain size at byte {}: found 64, expected 128 as header"),
        (44, "I", 256, "footer table entries at byte {}: found 256, expected 512 as header"),
        (77, "H", 0, "footer compression at byte {}: found 0, expected 1 as header"),
        (0, "4s", b"KDMW", "header magic at byte {}"),
    ],
)
def test_header_and_footer_must_agree(place: int, form: str, value: object, message: str) -> None:
    data = stream_vmdk({}, 128 * 4)
    footer = len(data) - 2 * SECTOR
    struct.pack_into("<" + form, data, footer + place, value)
    with pytest.raises(FormatError) as caught:
        read_header(MemorySource(data))
    assert message.format(footer) in caught.value.message


def test_files_too_short_for_header_and_footer() -> None:
    with pytest.raises(FormatError, match="file: found 100 bytes, expected a header of 512 bytes"):
        read_header(MemorySource(bytes(100)))
    with pytest.raises(FormatError, match="footer: found a file of 1000 bytes"):
        read_header(MemorySource(stream_vmdk({}, 128)[:1000]))


def test_the_directory_may_not_grow_without_end() -> None:
    data = sparse_vmdk({}, 128, grain=8, entries=1)
    struct.pack_into("<Q", data, 12, 1 << 33)
    with pytest.raises(FormatError, match="grain directory: found 1073741824 entries"):
        read_header(MemorySource(data))

# SPDX-License-Identifier: Apache-2.0
"""The metadata: every item, and what asks for more than is known."""

from __future__ import annotations

import struct
from uuid import UUID

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhdx.images import METADATA_AT, MIB, Image

from vmferry.errors import FormatError
from vmferry.formats.vhdx.metadata import Metadata, check_metadata, pack_metadata, read_metadata
from vmferry.formats.vhdx.regions import Region
from vmferry.units import TIB

REGION = Region("metadata", METADATA_AT, MIB)
UNKNOWN = str(UUID(int=5))


def metadata(data: bytes | bytearray) -> Metadata:
    return read_metadata(MemorySource(data), REGION)


def test_every_item_is_read() -> None:
    found = metadata(Image(10 * MIB, block=2 * MIB, logical=4096, physical=512).build())
    assert found == Metadata(2 * MIB, 10 * MIB, 4096, 512, UUID(bytes_le=bytes(range(16))))
    assert (found.blocks, found.chunk_blocks, found.table_entries) == (5, 16384, 5)


@pytest.mark.parametrize(
    ("size", "block", "logical", "entries"),
    [
        (4096 * MIB, MIB, 512, 4096),
        (4097 * MIB, MIB, 512, 4098),
        (4096 * MIB + 512, MIB, 512, 4098),
        (64 * TIB, 256 * MIB, 512, 262144 + 16383),
        (64 * TIB, MIB, 4096, (64 << 20) + 2047),
    ],
)
def test_the_table_has_an_entry_for_each_whole_chunk(
    size: int, block: int, logical: int, entries: int
) -> None:
    assert Metadata(block, size, logical, 512, UUID(int=0)).table_entries == entries


def test_items_behind_the_first_read() -> None:
    data = Image(MIB).build()
    far = MIB - 8
    data[METADATA_AT + far : METADATA_AT + MIB] = struct.pack("<Q", 512)
    struct.pack_into("<I", data, METADATA_AT + 64 + 16, far)
    assert metadata(data).size == 512


def test_unknown_items() -> None:
    assert metadata(Image(MIB, items=[(UNKNOWN, 0, b"abc"), ("size", 1, b"user's")]).build())
    for flags in (4, 5):
        with pytest.raises(FormatError, match=f"item that is unknown at byte .*: found {UNKNOWN}"):
            metadata(Image(MIB, items=[(UNKNOWN, flags, b"abc")]).build())


def test_a_parent_is_refused_and_never_read() -> None:
    for image in (Image(MIB, flags=2), Image(MIB, items=[("parent", 4, b"C:\\windows\\a.vhdx")])):
        with pytest.raises(FormatError, match="the disk is differencing") as caught:
            metadata(image.build())
        assert "windows" not in caught.value.status_message


@pytest.mark.parametrize(
    ("place", "form", "value", "message"),
    [
        (0, "<Q", 0, "metadata signature"),
        (10, "<H", 2048, "metadata entries at byte 2097162: found 2048, expected 2047"),
        (10, "<H", 4, "metadata at byte 2097152: found no item cda348c7"),
        (32 + 16, "<I", 100, "found 8 bytes at 100, expected 65536 to 1048576"),
        (32 + 16, "<I", MIB - 4, "found 8 bytes at 1048572"),
        (32 + 20, "<I", 4, "found 4 bytes, expected 8"),
        (32 + 20, "<I", 0, "found 0 bytes, expected 8"),
        (32 + 20, "<I", (1 << 32) - 1, "found 4294967295 bytes at 65536"),
        (65536, "<I", 0, "block size: found 0"),
        (65536, "<I", 3 * MIB, "block size: found 3145728, expected a power of two"),
        (65536, "<I", 512 * MIB, "block size: found 536870912"),
        (65544, "<Q", 0, "virtual disk size: found 0"),
        (65544, "<Q", 1000, "virtual disk size: found 1000, expected whole sectors of 512"),
        (65544, "<Q", 64 * TIB + 512, "at most 64 TiB"),
        (65568, "<I", 1024, "logical sector size: found 1024, expected 512 or 4096"),
        (65572, "<I", 0, "physical sector size: found 0"),
    ],
)
def test_damage(place: int, form: str, value: int, message: str) -> None:
    data = Image(MIB).build()
    struct.pack_into(form, data, METADATA_AT + place, value)
    with pytest.raises(FormatError, match=message):
        metadata(data)


def test_an_item_may_be_there_once() -> None:
    with pytest.raises(FormatError, match="item 2fa54224-cd1b-4876-b211-5dbed83bf4b8 twice"):
        metadata(Image(MIB, items=[("size", 4, bytes(8))]).build())


def test_what_is_packed_is_read() -> None:
    wanted = Metadata(4 * MIB, 3 * TIB, 512, 4096, UUID(int=9))
    packed = pack_metadata(wanted, MIB)
    assert len(packed) == MIB
    assert read_metadata(MemorySource(packed), Region("", 0, MIB)) == wanted
    with pytest.raises(FormatError, match="virtual disk size: found 1,"):
        check_metadata(wanted._replace(size=1))

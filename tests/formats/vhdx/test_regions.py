# SPDX-License-Identifier: Apache-2.0
"""The region table, its copy, and regions that lie where they may not."""

from __future__ import annotations

import struct
import uuid

import pytest
from tests.formats.recipes import MemorySource
from tests.formats.vhdx.images import BAT_AT, BAT_ID, KIB, METADATA_AT, MIB, Image, guid, reseal

from vmferry.errors import FormatError
from vmferry.formats.vhdx.header import read_header
from vmferry.formats.vhdx.regions import Region, Regions, pack_regions, read_regions

FIRST, SECOND = 192 * KIB, 256 * KIB
OTHER = uuid.UUID(int=77).bytes_le


def regions(data: bytearray) -> Regions:
    source = MemorySource(data)
    return read_regions(source, read_header(source))


def test_both_regions_are_found() -> None:
    found = regions(Image(MIB).build())
    assert found.bat[1:] == (BAT_AT, MIB)
    assert found.metadata[1:] == (METADATA_AT, MIB)
    assert [region.name for region in found.taken] == [
        "headers",
        "log",
        "metadata",
        "block allocation table",
    ]
    assert found.warnings == ()


@pytest.mark.parametrize("place", [FIRST, SECOND])
def test_a_copy_stands_in_for_the_other(place: int) -> None:
    data = Image(MIB).build()
    data[place + 40_000] ^= 1
    found = regions(data)
    assert found.bat.offset == BAT_AT
    assert found.warnings == ("vhdx: region table: one copy is damaged",)


def test_no_copy_is_left() -> None:
    data = Image(MIB).build()
    data[FIRST] ^= 1
    data[SECOND + 9] ^= 1
    with pytest.raises(FormatError, match="region table at byte 196608: found no copy"):
        regions(data)


def test_an_unknown_region_may_be_there_unless_it_is_required() -> None:
    image = Image(MIB, {0: b"x"}, regions=[(OTHER, 4 * MIB, MIB, 0)])
    assert f"region {uuid.UUID(int=77)}" in [region.name for region in regions(image.build()).taken]
    image.regions = [(OTHER, 4 * MIB, MIB, 1)]
    with pytest.raises(FormatError, match=f"required region that is unknown .*{uuid.UUID(int=77)}"):
        regions(image.build())


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((guid(BAT_ID), 4 * MIB, MIB, 1), "twice"),
        ((OTHER, BAT_AT, MIB, 0), "expected behind the block allocation table"),
        ((OTHER, MIB, MIB, 0), "expected behind the log|expected behind the region"),
        ((OTHER, 0, MIB, 0), "expected behind the"),
        ((OTHER, 4 * MIB + 512, MIB, 0), "expected whole MiB inside"),
        ((OTHER, 4 * MIB, 4096, 0), "expected whole MiB inside"),
        ((OTHER, 4 * MIB, 0, 0), "expected whole MiB inside"),
        ((OTHER, 64 * MIB, MIB, 0), "expected whole MiB inside"),
        ((OTHER, (1 << 64) - MIB, MIB, 0), "expected whole MiB inside"),
    ],
)
def test_regions_that_may_not_be(entry: tuple[bytes, int, int, int], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        regions(Image(MIB, {0: b"x"}, regions=[entry]).build())


def test_too_many_and_too_few_entries() -> None:
    for count, message in ((2048, "found 2048, expected at most 2047"), (1, "found no metadata")):
        data = Image(MIB).build()
        for place in (FIRST, SECOND):
            struct.pack_into("<I", data, place + 8, count)
        reseal(data)
        with pytest.raises(FormatError, match=message):
            regions(data)


def test_a_table_is_packed_as_the_specification_says() -> None:
    packed = pack_regions(Region("", BAT_AT, MIB), Region("", METADATA_AT, MIB))
    assert packed == Image(MIB).build()[FIRST : FIRST + 64 * KIB]

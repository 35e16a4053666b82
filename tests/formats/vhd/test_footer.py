# SPDX-License-Identifier: Apache-2.0
"""The footer: checksum, geometry, and the size that its creator goes by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.vhd.recipes import footer, summed

from vmferry.errors import FormatError
from vmferry.formats.vhd.footer import (
    MAX_WRITTEN,
    DiskType,
    Footer,
    Geometry,
    check_size,
    geometry_of,
    make_footer,
)
from vmferry.units import GIB, MIB


def test_a_footer_is_what_it_was() -> None:
    data = footer(123 * MIB, saved_state=1)
    found = Footer.unpack(data, 0)
    assert (found.creator, found.current_size, found.disk_type) == (b"win ", 123 * MIB, 3)
    assert found.pack() == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bytes(512), "vhd: footer cookie at byte 9"),
        (footer(MIB)[:511] + b"\1", "vhd: footer checksum at byte 73: found 0x"),
        (footer(MIB, version=0x20000), "vhd: footer file format version at byte 21: found 0x0002"),
    ],
)
def test_what_is_no_footer(data: bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        Footer.unpack(data, 9)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("creator", "geometry", "expected"),
    [
        (b"vpc ", (1, 4, 17), 34816),
        (b"qemu", (1, 4, 17), 34816),
        (b"win ", (1, 4, 17), MIB),
        (b"vbox", (1, 4, 17), MIB),
        (b"tap\0", (1, 4, 17), MIB),
        (b"d2v ", (1, 4, 17), MIB),
        (b"vpc ", (65535, 16, 255), MIB),
        (b"vpc ", (9999, 16, 63), MIB),
        (b"vpc ", (0, 16, 63), MIB),
    ],
)
def test_the_creator_decides_the_size(
    creator: bytes, geometry: tuple[int, int, int], expected: int
) -> None:
    cylinders, heads, sectors = geometry
    data = footer(MIB, creator=creator, cylinders=cylinders, heads=heads, sectors=sectors)
    assert Footer.unpack(data, 0).virtual_size == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (4 * MIB, (120, 4, 17)),  # as Windows wrote it into ntfs-fixed.vhd
        (40 * MIB, (963, 5, 17)),
        (256 * MIB, (520, 16, 63)),
        (GIB, (2080, 16, 63)),
        (127 * GIB, (65278, 16, 255)),
        (MAX_WRITTEN, (65535, 16, 255)),
        (512, (0, 4, 17)),
    ],
)
def test_geometries(size: int, expected: tuple[int, int, int]) -> None:
    assert geometry_of(size) == Geometry(*expected)


@given(st.integers(1, 300 * GIB))
def test_a_geometry_addresses_at_most_the_disk(size: int) -> None:
    geometry = geometry_of(size)
    assert geometry.size <= size
    assert geometry.cylinders <= 65535
    assert geometry.heads <= 16
    if 4 * MIB <= size < 65535 * 16 * 255 * 512:
        assert size - geometry.size < 16 * 255 * 512 + 255 * 512


def test_what_we_write() -> None:
    found = Footer.unpack(make_footer(5 * MIB, DiskType.FIXED, b"i" * 16).pack(), 0)
    assert (found.virtual_size, found.original_size) == (5 * MIB, 5 * MIB)
    assert (found.data_offset, found.features, found.unique_id) == ((1 << 64) - 1, 2, b"i" * 16)
    assert make_footer(MIB, DiskType.DYNAMIC, b"").data_offset == 512


@pytest.mark.parametrize("size", [0, MAX_WRITTEN + 1])
def test_sizes_that_are_not_written(size: int) -> None:
    with pytest.raises(FormatError, match="vhd: size of the disk: found") as caught:
        check_size(size)
    assert caught.value.hint == "Export the disk as raw or VMDK"


def test_the_checksum_of_the_specification() -> None:
    assert summed(footer(MIB), 64) == footer(MIB)

# SPDX-License-Identifier: Apache-2.0
"""Markers as the specification's tables draw them."""

from __future__ import annotations

from vmferry.formats.vmdk.markers import (
    GRAIN_MARKER,
    MarkerKind,
    pack_marker,
    padding,
    unpack_marker,
)


def test_a_metadata_marker_is_a_sector() -> None:
    data = pack_marker(MarkerKind.GRAIN_TABLE, 4)
    assert data == bytes.fromhex("0400000000000000 00000000 01000000") + bytes(496)
    assert unpack_marker(data) == (4, 0, MarkerKind.GRAIN_TABLE)
    assert pack_marker(MarkerKind.END_OF_STREAM, 0) == bytes(512)


def test_a_grain_marker_is_followed_by_its_data() -> None:
    assert GRAIN_MARKER.size == 12
    value, size, _ = unpack_marker(GRAIN_MARKER.pack(1 << 40, 77) + b"data")
    assert (value, size) == (1 << 40, 77)


def test_padding_fills_the_sector() -> None:
    assert [len(padding(length)) for length in (0, 1, 511, 512, 513)] == [0, 511, 1, 0, 511]

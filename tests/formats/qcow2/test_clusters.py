# SPDX-License-Identifier: Apache-2.0
"""Compressed clusters: their entries, and streams that are damaged, cut or without end."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.qcow2.recipes import COMPRESSED, deflate

from vmferry.errors import FormatError
from vmferry.formats.qcow2.clusters import compressed_span, decompress
from vmferry.formats.qcow2.header import DEFLATE, ZSTD

SIZE = 65536


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


@given(
    st.integers(9, 21).flatmap(
        lambda bits: st.tuples(
            st.just(bits),
            st.integers(0, (1 << (70 - bits)) - 1),
            st.integers(0, 2 ** (bits - 8) - 1),
        )
    )
)
def test_an_entry_has_place_and_sectors(entry: tuple[int, int, int]) -> None:
    bits, place, sectors = entry
    start, end = compressed_span(COMPRESSED | sectors << (70 - bits) | place, bits)
    assert start == place
    assert end == place // 512 * 512 + (sectors + 1) * 512
    assert end - start <= 2 << bits


@pytest.mark.parametrize(("compression", "pack"), [(DEFLATE, deflate), (ZSTD, zstd)])
def test_streams(compression: int, pack: type[bytes]) -> None:
    data = bytes(range(256)) * 256
    for behind in (b"", b"next cluster" * 30):
        assert decompress(pack(data) + behind, SIZE, compression, 7) == data
        assert decompress(memoryview(pack(data) + behind), SIZE, compression, 7) == data


@pytest.mark.parametrize(("compression", "pack"), [(DEFLATE, deflate), (ZSTD, zstd)])
def test_another_length(compression: int, pack: type[bytes]) -> None:
    for length, found in ((SIZE - 1, "65535"), (0, "0"), (SIZE + 1, "more than 65536")):
        with pytest.raises(FormatError, match=f"decompressed cluster at byte 7: found {found},"):
            decompress(pack(bytes(length)), SIZE, compression, 7)
    with pytest.raises(FormatError, match="found more than 65536"):
        decompress(pack(bytes(50 << 20)), SIZE, compression, 7)


@pytest.mark.parametrize(("compression", "name"), [(DEFLATE, "deflate"), (ZSTD, "zstd")])
def test_no_stream(compression: int, name: str) -> None:
    with pytest.raises(FormatError, match=f"compressed cluster at byte 7: found no {name} stream"):
        decompress(b"\xff" * 600, SIZE, compression, 7)


def test_a_zstd_window_is_bounded() -> None:
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, 17 << 3]) + b"\x01\x00\x00"  # window of 128 MiB
    with pytest.raises(FormatError, match="found no zstd stream"):
        decompress(frame, SIZE, ZSTD, 7)

# SPDX-License-Identifier: Apache-2.0
"""Compressed extents: padding, short ones, bombs, and LZO's frame."""

from __future__ import annotations

import contextlib
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.filesystems.content import text

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.compression import LZO, MOST, NONE, ZLIB, ZSTD, Decompressor
from vmferry.units import GIB, KIB, MIB

SECTOR = 4 * KIB
DATA = text(100_000, 1)
END = b"\x11\0\0"


def decompress(data: bytes, kind: int, length: int) -> bytes:
    return Decompressor(SECTOR).decompress(data, kind, length)


def _segments(*segments: bytes) -> bytes:
    out = bytearray(4)
    for segment in segments:
        room = SECTOR - len(out) % SECTOR
        if room < 4:
            out += bytes(room)
        out += len(segment).to_bytes(4, "little") + segment
    out[:4] = len(out).to_bytes(4, "little")
    return bytes(out)


def _literal(data: bytes) -> bytes:
    """Return an LZO1X stream of one run of more than 273 literals."""
    left = len(data) - 18
    return b"\0" * (left // 255 + 1) + bytes([left % 255]) + data + END


@pytest.mark.parametrize(
    ("kind", "packed"), [(ZLIB, zlib.compress(DATA)), (ZSTD, zstandard.compress(DATA))]
)
def test_what_follows_the_stream_is_passed_over(kind: int, packed: bytes) -> None:
    assert decompress(packed + bytes(3000), kind, len(DATA)) == DATA
    assert decompress(packed, kind, len(DATA) + 9) == DATA + bytes(9)
    assert decompress(packed, kind, 10) == DATA[:10]
    assert decompress(packed, kind, 0) == b""


@pytest.mark.parametrize("kind", [ZLIB, ZSTD])
def test_a_bomb_becomes_no_more_than_the_extent(kind: int) -> None:
    zeros = bytes(64 * MIB)
    packed = zlib.compress(zeros) if kind == ZLIB else zstandard.compress(zeros)
    if kind == ZLIB:
        assert decompress(packed[:MOST], kind, MOST) == bytes(MOST)
    else:
        with pytest.raises(FormatError, match="found no zstd frame"):
            decompress(packed[:MOST], kind, MOST)


def test_a_zstd_frame_that_asks_for_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=0)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    frame = packer.compressobj()
    packed = frame.compress(DATA) + frame.flush()
    with pytest.raises(FormatError, match="found no zstd frame"):
        decompress(packed, ZSTD, len(DATA))


def test_lzo_segments_start_behind_a_sectors_last_bytes() -> None:
    first = text(3000, 2)
    filler = text(SECTOR - 4 - (4 + len(_literal(first))) - 4 - 3 - 7 - 2, 3)
    second = text(2000, 4)
    at = 4 + 4 + len(_literal(first)) + 4 + len(_literal(filler))
    assert 0 < SECTOR - at < 4
    packed = _segments(_literal(first), _literal(filler), _literal(second))
    whole = first + filler + second
    assert decompress(packed + bytes(50), LZO, len(whole)) == whole
    assert decompress(packed, LZO, 3100) == whole[:3100]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "lzo: found 0 bytes, expected up to 0"),
        (b"\x05\0\0\0", "lzo: found 5 bytes, expected up to 4"),
        (b"\x03\0\0\0", "lzo: found 3 bytes"),
        (b"\x08\0\0\0\0\0\0\0", "lzo at byte 8: found a segment of 0 bytes"),
        (b"\x08\0\0\0\1\0\0\0", "lzo at byte 8: found a segment of 1 bytes"),
        (b"\x09\0\0\0\1\0\0\0\x11", "lzo at byte 1: found the end of the stream inside it"),
        (_segments(_literal(bytes(5000))), "found 5000 literals, more than fit"),
    ],
)
def test_lzo_frames_are_checked(data: bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        decompress(data, LZO, SECTOR)
    assert caught.value.message.startswith(message) or message in caught.value.message


@pytest.mark.parametrize(
    ("data", "kind", "length", "message"),
    [
        (b"nothing", ZLIB, 9, "compressed extent: found no zlib stream"),
        (b"nothing", ZSTD, 9, "compressed extent: found no zstd frame"),
        (b"", 4, 9, "compression: found 4, expected 1 … 3"),
        (b"", NONE, 9, "compression: found 0"),
        (b"", ZLIB, MOST + 1, "found 0 of 131073 bytes, expected up to 131072"),
        (b"", ZLIB, GIB << 20, "expected up to 131072"),
        (bytes(MOST + 1), LZO, 9, "found 131073 of 9 bytes"),
    ],
)
def test_refuses_by_name(data: bytes, kind: int, length: int, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        decompress(data, kind, length)
    assert message in caught.value.message


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 9000))
def test_any_bytes_become_the_length_or_a_refusal(data: bytes, kind: int, length: int) -> None:
    with contextlib.suppress(FormatError):
        assert len(decompress(data, kind, length)) == length

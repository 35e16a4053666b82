# SPDX-License-Identifier: Apache-2.0
"""LZO1X: streams of lzop, streams by hand for each instruction, and streams by chance."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
import time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guest.filesystems.content import noise, text

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.lzo import decompress
from vmferry.units import KIB, MIB

END: Final = b"\x11\0\0"
FLAGS: Final = 20
HAS_CHECKSUM: Final = 1
CHECKSUM: Final = 4
HEADER: Final = 38
BLOCK: Final = struct.Struct(">II")


def _lzop(data: bytes, level: int) -> bytes:
    """Return the LZO1X stream that lzop makes of up to 256 KiB."""
    if shutil.which("lzop") is None:
        pytest.skip("needs lzop")
    command = ["lzop", f"-{level}", "-F", "-c"]
    packed = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    size, stored = BLOCK.unpack_from(packed, HEADER)
    assert size == len(data)
    assert stored < size, "lzop stores what does not compress"
    start = HEADER + BLOCK.size + (CHECKSUM if packed[FLAGS] & HAS_CHECKSUM else 0)
    return packed[start : start + stored]


@pytest.mark.oracle
@pytest.mark.parametrize("level", [1, 3, 9])
@pytest.mark.parametrize(
    "data",
    [
        bytes(1000),
        b"abcdefgh" * 5000,
        text(4096, 5),
        text(200 * KIB, 6),
        noise(300, 7) + bytes(300) + noise(300, 7),
        noise(3000, 8) + text(20_000, 9) + noise(3000, 8),
        noise(20_000, 10) + noise(20_000, 10),
        b"".join(bytes([value % 251, value % 7]) * (value % 9 + 1) for value in range(9000)),
    ],
)
def test_reads_what_lzop_made(data: bytes, level: int) -> None:
    assert decompress(_lzop(data, level), len(data)) == data


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        (END, b""),
        (b"\x16hello" + END, b"hello"),
        (b"\x02hello" + END, b"hello"),
        (b"\x00\x01" + b"x" * 19 + END, b"x" * 19),
        (b"\x00\x00\x00\x01" + b"x" * 529 + END, b"x" * 529),
        # Two bytes from 1 + 0 + 4·0 after one literal, then a literal.
        (b"\x12a\x01\x00b" + END, b"aaab"),
        # Two bytes from 1 + 3 after two literals that came after a run's match.
        (b"\x15abcd\x40\x00\x12ef" + END, None),
        # Three bytes from 3 + 1 back: 01LDDDSS with L 0, D 3.
        (b"\x15abcd\x4c\x00" + END, b"abcdabc"),
        # Eight bytes from 2 back: 1LLDDDSS with L 3, D 1; it overlaps itself.
        (b"\x15abcd\xe4\x00" + END, b"abcd" + b"cdcdcdcd"),
        # 001LLLLL: 2 + 5 from 1 + 0, with one literal.
        (b"\x15abcd\x25\x01\x00e" + END, b"abcd" + b"d" * 7 + b"e"),
        # 001LLLLL with L going on: 2 + 31 + 255 + 4.
        (b"\x15abcd\x20\x00\x04\x00\x00" + END, b"abcd" + b"d" * 292),
    ],
)
def test_follows_each_instruction(stream: bytes, wanted: bytes | None) -> None:
    if wanted is None:
        with pytest.raises(FormatError):
            decompress(stream, MIB)
    else:
        assert decompress(stream, MIB) == wanted


def test_follows_the_far_instructions() -> None:
    run = bytes(range(256)) * 80
    left = len(run) - 18
    start = b"\0" * (left // 255 + 1) + bytes([left % 255]) + run
    # 0001HLLL: 2 + 1 from 16384 + 4.
    assert decompress(start + b"\x11\x10\0" + END, MIB) == run + run[-16388:-16385]
    # 0000DDSS after a run: three bytes from 2049 + 1 + 4·2.
    assert decompress(start + b"\x04\x02" + END, MIB) == run + run[-2058:-2055]


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"", "lzo at byte 0: found the end of the stream inside it"),
        (b"\x16hel", "lzo at byte 1: found 5 literals, more than fit"),
        (b"\x16hello", "lzo at byte 6: found the end of the stream inside it"),
        (b"\x15abcd\x50\x00" + END, "a match of 3 bytes from 5 back"),
        (b"\x10\x01\x04\x00" + END, "a match of 10 bytes from 16385 back"),
        (b"\x16hello" + END + b"x", "lzo at byte 9: found bytes behind the end instruction"),
        (b"\x12a\x20" + b"\0" * 40 + b"\x01\0\0" + END, "a match of 10234 bytes from 1 back"),
        (b"\x00" * 100, "the end of the stream inside it"),
    ],
)
def test_refuses_by_name(stream: bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        decompress(stream, 4 * KIB)
    assert message in caught.value.message


@given(st.binary(max_size=400))
def test_any_bytes_end_in_bytes_or_a_refusal(stream: bytes) -> None:
    with contextlib.suppress(FormatError):
        assert len(decompress(stream, 4 * KIB)) <= 4 * KIB


@pytest.mark.oracle
@settings(max_examples=5)
@given(st.integers(0, 1 << 32))
def test_damaged_streams_end_soon(seed: int) -> None:
    stream = bytearray(_lzop(text(64 * KIB, seed), 1))
    for at in range(0, len(stream), 97):
        stream[at] ^= 0xFF
    start = time.process_time()
    with contextlib.suppress(FormatError):
        decompress(bytes(stream), 64 * KIB)
    assert time.process_time() - start < 2

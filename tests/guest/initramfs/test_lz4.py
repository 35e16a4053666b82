# SPDX-License-Identifier: Apache-2.0
"""LZ4 blocks against the program lz4, by hand, and damaged."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.initramfs.archives import compress

from vmferry.errors import FormatError
from vmferry.guest.initramfs import lz4


def block(data: bytes) -> bytes:
    framed = compress("lz4", data)
    assert framed[:4] == lz4.MAGIC
    return framed[8:]


def unpacked(data: bytes) -> bytes:
    return b"".join(lz4.block(data))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "data",
    [
        b"a" * 100_000,
        b"abc" * 1000 + b"tail of it",
        bytes(random.Random(1).choices(b"abcdef", k=50_000)),
        random.Random(2).randbytes(70_000),
    ],
)
def test_blocks_of_the_program(data: bytes) -> None:
    assert unpacked(block(data)) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x30abc", b"abc"),
        (b"\x31a\x62c\x01\x00\x10z", b"abccccccz"),
        (b"\x30abc\x03\x00", None),
        (b"", None),
        (b"\xf0\xff", None),
        (b"\x30ab", None),
        (b"\x10a\x05\x00\x00", None),
        (b"\x10a\x00\x00\x00", None),
    ],
)
def test_blocks_by_hand(data: bytes, text: bytes | None) -> None:
    if text is None:
        with pytest.raises(FormatError, match="lz4"):
            unpacked(data)
    else:
        assert unpacked(data) == text


def test_no_block_grows_over_its_size() -> None:
    with pytest.raises(FormatError, match="lz4: found a match of"):
        unpacked(b"\x1fa\x01\0" + b"\xff" * 40_000 + b"\0\x10z")


@given(st.binary(max_size=200))
def test_nothing_but_format_errors(data: bytes) -> None:
    with contextlib.suppress(FormatError):
        unpacked(data)

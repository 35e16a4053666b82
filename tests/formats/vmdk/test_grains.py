# SPDX-License-Identifier: Apache-2.0
"""Inflation: exact lengths, no bombs, no rests."""

from __future__ import annotations

import os
import zlib

import pytest

from vmferry.errors import FormatError
from vmferry.formats.vmdk.grains import deflated_limit, inflate

GRAIN = 65536


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_streams_of_zlib(level: int) -> None:
    data = os.urandom(1000) * 66
    assert inflate(zlib.compress(data[:GRAIN], level), GRAIN, GRAIN, 0) == data[:GRAIN]


@pytest.mark.parametrize(
    ("length", "needed", "message"),
    [
        (GRAIN - 1, GRAIN, "inflated length at byte 9: found 65535, expected 65536"),
        (GRAIN + 1, GRAIN, "inflated length at byte 9: found more than 65536, expected 65536"),
        (50 << 20, GRAIN, "inflated length at byte 9: found more than 65536, expected 65536"),
        (511, 512, "inflated length at byte 9: found 511, expected 65536"),
        (0, 512, "inflated length at byte 9: found 0, expected 65536"),
    ],
)
def test_wrong_lengths(length: int, needed: int, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        inflate(zlib.compress(bytes(length)), GRAIN, needed, 9)
    assert message in caught.value.message


def test_the_last_grain_may_be_cut() -> None:
    assert inflate(zlib.compress(bytes(512)), GRAIN, 512, 0) == bytes(512)
    assert inflate(zlib.compress(bytes(1024)), GRAIN, 512, 0) == bytes(1024)


def test_a_limit_that_no_encoder_passes() -> None:
    for level in range(10):
        assert len(zlib.compress(os.urandom(GRAIN), level)) <= deflated_limit(GRAIN)


def test_bytes_behind_the_stream_are_not_of_it() -> None:
    assert inflate(zlib.compress(bytes(GRAIN)) + b"padding", GRAIN, GRAIN, 0) == bytes(GRAIN)


def test_wrong_streams() -> None:
    good = zlib.compress(os.urandom(GRAIN))
    for bad in (good[:-1], good[:-4] + b"abcd", b"\0" * 40, b"x"):
        with pytest.raises(FormatError, match=r"vmdk: grain (data|inflated length) at byte 0"):
            inflate(bad, GRAIN, GRAIN, 0)

# SPDX-License-Identifier: Apache-2.0
"""Where frames end that the reference library wrote, with every kind of header and block."""

from __future__ import annotations

import random

import pytest
import zstandard
from tests.guest.trees import tree_of

from vmferry.guest.initramfs import zstd
from vmferry.guest.initramfs.prefix import Prefix

NOISE = random.Random(3).randbytes(300_000)
SKIPPED = b"\x5a\x2a\x4d\x18\x03\0\0\0abc"


def ended(data: bytes) -> bytes:
    return b"".join(zstd.pieces(Prefix(tree_of({"x": b"-" + data}), "/x"), 1))


@pytest.mark.parametrize("behind", [b"", b"\0\0\0\0070701", b"070701"])
@pytest.mark.parametrize("has_checksum", [False, True])
@pytest.mark.parametrize("has_size", [False, True])
@pytest.mark.parametrize("content", [b"", b"a" * 200, b"a" * 400_000, NOISE, b"abcd" * 90_000])
def test_frames(content: bytes, has_size: bool, has_checksum: bool, behind: bytes) -> None:
    writer = zstandard.ZstdCompressor(write_checksum=has_checksum, write_content_size=has_size)
    frames = writer.compress(content) + SKIPPED + writer.compress(content[:5])
    assert ended(frames + behind) == frames


def test_a_stream_of_unknown_size() -> None:
    writer = zstandard.ZstdCompressor(level=19).compressobj()
    frame = writer.compress(NOISE) + writer.flush()
    assert ended(frame + b"\0" * 9) == frame


@pytest.mark.parametrize("end", [3, 6, 5000, -2])
def test_one_that_is_cut_off(end: int) -> None:
    frame = zstandard.ZstdCompressor(write_checksum=True).compress(NOISE)[:end]
    if end == 3:
        assert ended(frame) == b""
    else:
        with pytest.raises(EOFError, match="the end of the file inside a frame"):
            ended(frame)


def test_endless_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zstd, "MOST_PARTS", 10)
    with pytest.raises(ValueError, match="more than 10 blocks"):
        ended(zstandard.compress(b"") * 20)

# SPDX-License-Identifier: Apache-2.0
"""Streams give what is there and say where they end."""

from __future__ import annotations

import gzip

import pytest
from tests.guest.trees import tree_of

from vmferry.errors import FormatError
from vmferry.guest.initramfs.compression import Member
from vmferry.guest.initramfs.prefix import Prefix, TooLongError
from vmferry.guest.initramfs.stream import Pieces, Plain


def _file(data: bytes) -> Prefix:
    return Prefix(tree_of({"x": data}), "/x")


def test_plain() -> None:
    plain = Plain(_file(b"abcdef"), 1)
    plain.skip(2)
    assert (plain.take(2), plain.at) == (b"de", 5)
    with pytest.raises(FormatError, match="at byte 5: found the end of the file inside cpio"):
        plain.take(2)


def test_pieces() -> None:
    pieces = Pieces(Member("gzip", 100), _file(b"-" + gzip.compress(b"abcdef\0\0x\0\0")), 1)
    pieces.skip(3)
    assert pieces.take(3) == b"def"
    assert not pieces.is_empty()
    assert pieces.take(1) == b"x"
    assert pieces.is_empty()
    for ask in (pieces.take, pieces.skip):
        with pytest.raises(FormatError, match="at byte 1: found the end of the member inside cpio"):
            ask(1)


def test_no_more_than_its_most() -> None:
    with pytest.raises(TooLongError, match="gzip: found more than 5 bytes to inflate"):
        Pieces(Member("gzip", 5), _file(gzip.compress(b"abcdef")), 0).take(1)


def test_what_is_left_of_its_most() -> None:
    pieces = Pieces(Member("gzip", 8), _file(gzip.compress(b"abcdef")), 0)
    assert pieces.share == 1
    assert pieces.take(1) == b"a"
    assert pieces.share == 0.25

# SPDX-License-Identifier: Apache-2.0
"""Pieces: what one slice leaves."""

from __future__ import annotations

import io

import pytest

from vmferry.errors import IntegrityError
from vmferry.formats.vhd.pieces import STORED, Piece, write_trailer


def make_piece() -> bytes:
    out = io.BytesIO(bytes(2 * STORED))
    out.seek(0, io.SEEK_END)
    write_trailer(out, [7, 9], 1 << 40, 1 << 25, 0xCAFE)
    return out.getvalue()


def test_what_is_written_is_read() -> None:
    piece = Piece.open(io.BytesIO(make_piece()))
    assert (piece.offset, piece.length, piece.crc) == (1 << 40, 1 << 25, 0xCAFE)
    assert list(piece.numbers) == [7, 9]


def test_a_cut_piece_is_refused() -> None:
    data = make_piece()
    for length in (0, 10, len(data) - 1):
        text = f"vhd: piece of {length} bytes has no trailer"
        with pytest.raises(IntegrityError, match=text) as caught:
            Piece.open(io.BytesIO(data[:length]))
        assert "encode it again" in caught.value.hint
    with pytest.raises(IntegrityError, match=f"has {len(data) - 9} bytes, expected {len(data)}"):
        Piece.open(io.BytesIO(data[9:]))

# SPDX-License-Identifier: Apache-2.0
"""Pieces: what one slice leaves."""

from __future__ import annotations

import io
from array import array

import pytest

from vmferry.errors import IntegrityError
from vmferry.formats.vmdk.pieces import Piece, TableRecord, write_trailer


def make_piece() -> io.BytesIO:
    out = io.BytesIO(bytes(512 * 5))
    out.seek(0, io.SEEK_END)
    tables = [TableRecord(7, 2, array("I", [1] * 512)), TableRecord(9, 3, array("I", [0] * 512))]
    write_trailer(out, tables, 1 << 40, 1 << 20, 0xCAFE)
    return out


def test_what_is_written_is_read() -> None:
    piece = Piece.open(make_piece())
    assert (piece.offset, piece.length, piece.records, piece.crc) == (1 << 40, 1 << 20, 2, 0xCAFE)
    (first, one), (second, other) = piece.tables()
    assert (first, one.index, one.sectors, list(one.entries)) == (0, 7, 2, [1] * 512)
    assert (second, other.index, other.sectors) == (1024, 9, 3)


def test_a_cut_piece_is_refused() -> None:
    data = make_piece().getvalue()
    for length in (0, 10, len(data) - 1):
        with pytest.raises(
            IntegrityError, match=f"piece of {length} bytes has no trailer"
        ) as caught:
            Piece.open(io.BytesIO(data[:length]))
        assert "encode it again" in caught.value.hint
    with pytest.raises(IntegrityError, match="piece has 2048 bytes of grains, expected 2560"):
        list(Piece.open(io.BytesIO(data[512:])).tables())

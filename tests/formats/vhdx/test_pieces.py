# SPDX-License-Identifier: Apache-2.0
"""Pieces: whole blocks, with zeros wherever nothing was added, or a refusal."""

from __future__ import annotations

import io

import pytest

from vmferry.errors import IntegrityError
from vmferry.formats.vhdx.pieces import Piece, PieceWriter


def piece(*units: tuple[int, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    writer = PieceWriter(out, 100)
    for at, data in units:
        writer.add(at, data)
    writer.finish(0, 1000)
    return out


def test_blocks_are_filled_with_zeros() -> None:
    opened = Piece.open(piece((220, b"a" * 10), (290, b"b" * 10), (500, b"c")))
    assert (opened.offset, opened.length, opened.blocks) == (0, 1000, 2)
    out = io.BytesIO()
    opened.copy_blocks(out)
    assert out.getvalue() == bytes(20) + b"a" * 10 + bytes(60) + b"b" * 10 + b"c" + bytes(99)
    assert [opened.records()[at] for at in (0, 16)] == [2, 5]


def test_the_sum_of_a_block_tells_bytes_and_places_apart() -> None:
    sums = {Piece.open(piece(unit)).records() for unit in ((0, b"a"), (0, b"b"), (1, b"a"))}
    assert len(sums) == 3


def test_no_blocks() -> None:
    opened = Piece.open(piece())
    assert (opened.blocks, opened.records()) == (0, b"")


def test_a_piece_that_was_not_finished() -> None:
    whole = piece((0, b"a")).getvalue()
    for data in (b"", whole[:-1], whole[1:], whole[:50], b"x" + whole):
        with pytest.raises(
            IntegrityError, match=f"vhdx: piece of {len(data)} bytes has no trailer"
        ):
            Piece.open(io.BytesIO(data))


def test_a_piece_that_shrank() -> None:
    file = piece((0, b"a"))
    opened = Piece.open(file)
    file.truncate(40)
    with pytest.raises(IntegrityError, match="piece ends at byte 40, expected 100"):
        opened.copy_blocks(io.BytesIO())

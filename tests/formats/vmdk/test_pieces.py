# SPDX-License-Identifier: Apache-2.0
"""Pieces: what one slice leaves, and copying it within the kernel or without."""

from __future__ import annotations

import gzip
import io
import os
from array import array
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from vmferry.errors import IntegrityError
from vmferry.formats.vmdk.pieces import Piece, TableRecord, copy_range, write_trailer

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize("kernel", ["works", "refuses", "stops"])
def test_copies_of_files(kernel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "a").write_bytes(content)
    real = os.copy_file_range

    def refuse(*arguments: int) -> int:
        raise OSError(18, "another file system")

    def stop(source: int, target: int, count: int, at: int, place: int) -> int:
        if place > 5:
            raise OSError(5, "no more")
        return real(source, target, 1000, at, place)

    if kernel != "works":
        monkeypatch.setattr(os, "copy_file_range", refuse if kernel == "refuses" else stop)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("w+b") as out:
        out.write(b"head!")
        copy_range(source, 7, 2_000_000, out)
        out.write(b"tail")
    assert (tmp_path / "b").read_bytes() == b"head!" + content[7:2_000_007] + b"tail"


def test_copies_of_what_only_looks_like_a_file(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.gz", "wb") as packed:
        packed.write(b"0123456789")
    out = io.BytesIO()
    with gzip.open(tmp_path / "a.gz", "rb") as source:
        copy_range(cast("BinaryIO", source), 2, 5, out)
    assert out.getvalue() == b"23456"


def test_a_short_source(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    for out in (io.BytesIO(), (tmp_path / "b").open("wb")):
        with (
            (tmp_path / "a").open("rb") as source,
            out,
            pytest.raises(IntegrityError, match="piece ends at byte 5, expected 9"),
        ):
            copy_range(source, 1, 8, out)

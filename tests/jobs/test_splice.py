# SPDX-License-Identifier: Apache-2.0
"""Copying a piece into the artifact, within the kernel or without."""

from __future__ import annotations

import gzip
import io
import os
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from vmferry.errors import IntegrityError
from vmferry.jobs._splice import copy_range

if TYPE_CHECKING:
    from pathlib import Path


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

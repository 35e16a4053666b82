# SPDX-License-Identifier: Apache-2.0
"""A file has its name only when it is whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.convert.target import Target, partial, write_body
from vmferry.errors import SourceError
from vmferry.formats import Effort
from vmferry.formats.vhd.dynamic import DynamicVhdWriter
from vmferry.formats.vhd.fixed import FixedVhdWriter

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "disk.raw"
    with partial(target, replace=False) as path:
        assert (path.name, path.read_bytes()) == ("disk.raw.partial", b"")
        path.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("cause", [KeyboardInterrupt, SourceError])
def test_what_was_begun_is_removed(cause: type[BaseException], tmp_path: Path) -> None:
    def fail() -> None:
        with partial(tmp_path / "a", replace=False) as path:
            path.write_bytes(b"half")
            raise cause("it")

    with pytest.raises(cause):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_only_if_asked(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with (
        pytest.raises(SourceError, match="exists already") as caught,
        partial(target, replace=False),
    ):
        raise AssertionError
    assert "--force" in caught.value.hint
    with partial(target, replace=True) as path:
        path.write_bytes(b"new")
    assert target.read_bytes() == b"new"


def test_no_folder_is_replaced(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="exists already"), partial(tmp_path, replace=True):
        raise AssertionError


def test_a_missing_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceError, match="there is no folder"),
        partial(tmp_path / "no" / "a", replace=False),
    ):
        raise AssertionError


def test_the_writer_is_of_the_kind() -> None:
    def make(kind: str) -> Target:
        return Target(path=os.devnull, format="vhd", kind=kind)  # type: ignore[arg-type]

    assert isinstance(make("").writer(512), DynamicVhdWriter)
    assert isinstance(make("fixed").writer(512), FixedVhdWriter)
    assert make("").effort is Effort.NORMAL


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 40)), max_size=30))
def test_bodies_with_holes(steps: list[tuple[int, int]]) -> None:
    expected, body, at = bytearray(), list[tuple[int, bytes | memoryview]](), 0
    for number, (gap, length) in enumerate(steps, 1):
        at += gap
        data = bytes([number]) * length
        body.append((at, data))
        if data:
            expected += bytes(at - len(expected)) + data
        at += length
    file = os.memfd_create("body")
    try:
        write_body(file, 100, body)
        assert os.pread(file, 10_000, 0) == (bytes(100) + expected if expected else b"")
    finally:
        os.close(file)


def test_more_runs_than_one_call_takes() -> None:
    file = os.memfd_create("body")
    try:
        write_body(file, 0, [(at, b"x") for at in range(5000)])
        assert os.pread(file, 10_000, 0) == b"x" * 5000
    finally:
        os.close(file)


def test_a_short_write_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda file, run, place: real(file, run[0][:3], place))
    monkeypatch.setattr(os, "pwrite", lambda file, data, place: real(file, data[:2], place))
    file = os.memfd_create("body")
    try:
        write_body(file, 5, [(0, b"01234"), (5, memoryview(b"56789"))])
        assert os.pread(file, 100, 0) == bytes(5) + b"0123456789"
    finally:
        os.close(file)


def test_an_opened_target_begins_at_its_base(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"archive..")
    with Target(path=path, format="raw", base=4).opened() as out:
        assert out.read(3) == b"ive"
        out.seek(0)
        out.write(b"IVE")
        assert out.seek(0, os.SEEK_END) == 5
        out.truncate(10)
    assert path.read_bytes() == b"archIVE..".ljust(14, b"\0")

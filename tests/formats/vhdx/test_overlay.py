# SPDX-License-Identifier: Apache-2.0
"""Patches over a source: the last one counts, as on a real disk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.recipes import MemorySource

from vmferry.errors import SourceError
from vmferry.formats.vhdx.overlay import Overlay

PAGE = 4096


@given(
    st.lists(st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(1, 12))), max_size=30)
)
def test_patches_are_laid_in_order(changes: list[tuple[int, int | None]]) -> None:
    data = b"\xff" * (18 * PAGE + 5)
    overlay = Overlay(MemorySource(data), 24 * PAGE)
    model = bytearray(data.ljust(40 * PAGE, b"\0"))
    for number, (at, pages) in enumerate(changes):
        page = None if pages else bytes([number + 1]) * PAGE
        length = (pages or 1) * PAGE
        overlay.patch(at * PAGE, length, page)
        model[at * PAGE : at * PAGE + length] = page or bytes(length)
    assert overlay.size == 24 * PAGE
    assert overlay.read_at(0, overlay.size) == model[: overlay.size]
    for offset in range(0, overlay.size - 9000, 3001):
        assert overlay.read_at(offset, 9000) == model[offset : offset + 9000]


def test_what_is_not_patched_is_one_read() -> None:
    source = MemorySource(bytes(range(256)) * 64)
    overlay = Overlay(source, 0)
    overlay.patch(0, PAGE, b"x" * PAGE)
    assert overlay.size == source.size
    assert overlay.name == source.name
    assert overlay.read_at(PAGE, 5) == source.data[PAGE : PAGE + 5]
    assert source.reads == [(PAGE, 5)]


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1), (0, 101), (100, 1)])
def test_ranges_outside(offset: int, length: int) -> None:
    with pytest.raises(SourceError, match="are wanted, it has 100 bytes"):
        Overlay(MemorySource(bytes(10)), 100).read_at(offset, length)

# SPDX-License-Identifier: Apache-2.0
"""Any bytes are a file, and no read leaves it unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.scattered import MOST_READ, Finding, ScatteredFile, gather, join, scatter, split

FILES = st.lists(st.one_of(st.binary(max_size=300), st.integers(0, 300).map(bytes))).map(b"".join)


@given(FILES)
def test_a_file_is_what_it_was(file: bytes) -> None:
    assert gather(scatter(file), len(file)) == file


@given(st.binary(max_size=200))
def test_any_bytes_are_a_file(data: bytes) -> None:
    size, pieces = split(data)
    assert split(join(size, pieces)) == (size, pieces)
    file = ScatteredFile(data, "any")
    assert len(file.read_at(0, min(size, 1000))) == min(size, 1000)


def test_what_may_not_be_read() -> None:
    file = ScatteredFile(join(1 << 40, [(3, b"abc"), (4, b"B")]), "large")
    assert file.read_at(2, 5) == b"\0aBc\0"
    for offset, length in ((-1, 1), (0, -1), (1 << 40, 1)):
        with pytest.raises(Finding, match=f"read of {length} bytes at {offset} of a file of"):
            file.read_at(offset, length)
    with pytest.raises(Finding, match="bytes at once"):
        file.read_at(0, MOST_READ + 1)

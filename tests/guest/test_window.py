# SPDX-License-Identifier: Apache-2.0
"""Windows behave as files do, and pages are read once."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.errors import GuestError
from vmferry.guest.window import MOST_PAGES, PAGE, Pages, Window

DATA = bytes(range(251)) * 400


class Memory:
    """A disk of bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset + length <= self.size
        return self.data[offset : offset + length]


@given(st.integers(0, len(DATA) - 1), st.data())
def test_reads_like_a_file(offset: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(DATA) - offset))
    window = Window(Pages(Memory(DATA)), offset, size, "disk 0")
    file = io.BytesIO(DATA[offset : offset + size])
    for at, length in data.draw(
        st.lists(st.tuples(st.integers(0, size + 9), st.integers(-1, 5000)))
    ):
        assert window.seek(at) == file.seek(at)
        assert window.read(length) == file.read(length)
        assert window.tell() == file.tell()
    assert window.seek(0, io.SEEK_END) == window.get_size() == size
    assert window.seek(-size, io.SEEK_CUR) == 0


def test_a_page_is_read_once() -> None:
    pages = Pages(Memory(DATA))
    for at in (0, 10, PAGE - 1, PAGE, 2 * PAGE - 2):
        pages.read_at(at, 5)
    assert pages.bytes_read == 3 * PAGE


def test_pages_are_forgotten() -> None:
    pages = Pages(Memory(bytes((MOST_PAGES + 1) * PAGE)))
    for number in range(MOST_PAGES + 1):
        pages.read_at(number * PAGE, 1)
    read = pages.bytes_read
    pages.read_at(0, 1)
    assert pages.bytes_read == read + PAGE


@pytest.mark.parametrize(("offset", "size"), [(0, 101), (100, 1)])
def test_a_window_outside_is_refused(offset: int, size: int) -> None:
    with pytest.raises(GuestError, match=r"disk 0, partition 1: ends at byte .*disk's 100"):
        Window(Pages(Memory(bytes(100))), offset, size, "disk 0, partition 1")

# SPDX-License-Identifier: Apache-2.0
"""Windows behave as files do, and pages are read once."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.errors import GuestError
from vmferry.guest.window import MOST_AT_ONCE, MOST_PAGES, PAGE, Pages, Shelf, Window

DATA = bytes(range(251)) * 1400


class Memory:
    """A disk of bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.reads: list[tuple[int, int]] = []

    def read_at(self, offset: int, length: int) -> bytes:
        assert 0 < length <= min(MOST_AT_ONCE, self.size - offset)
        self.reads.append((offset, length))
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


@given(st.integers(1, 3), st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, len(DATA)))))
def test_pages_that_are_put_out_are_read_again(most: int, ends: list[tuple[int, int]]) -> None:
    pages = Pages(Memory(DATA), Shelf(most))
    for start, end in map(sorted, ends):
        assert pages.read_at(start, end - start) == DATA[start:end]


def test_a_page_is_read_once() -> None:
    disk = Memory(DATA)
    pages = Pages(disk)
    for at in (2 * PAGE, 0, 10, PAGE - 1, PAGE, 2 * PAGE - 2):
        pages.read_at(at, 5)
    assert disk.reads == [(2 * PAGE, PAGE), (0, PAGE), (PAGE, PAGE)]
    assert pages.bytes_read == 3 * PAGE


def test_what_is_read_on_is_read_ahead() -> None:
    disk = Memory(bytes(40 * PAGE + 1))
    pages = Pages(disk)
    pages.read_at(30 * PAGE, 1)
    for number in range(41):
        assert pages.read_at(number * PAGE, 1) == b"\0"
    first, *ahead = [(offset // PAGE, -(-length // PAGE)) for offset, length in disk.reads]
    assert first == (30, 1)
    # Twice as far each time, up to what is there already, and not over the end.
    assert ahead == [(0, 1), (1, 2), (3, 4), (7, 8), (15, 15), (31, 1), (32, 2), (34, 4), (38, 3)]
    assert pages.bytes_read == disk.size


def test_pages_side_by_side_are_one_read() -> None:
    disk = Memory(bytes(MOST_AT_ONCE + 5 * PAGE + 7))
    pages = Pages(disk)
    pages.read_at(3 * PAGE, 1)
    pages.read_at(PAGE - 1, disk.size - PAGE + 1)
    assert disk.reads[1:] == [
        (0, 3 * PAGE),
        (4 * PAGE, MOST_AT_ONCE),
        (MOST_AT_ONCE + 4 * PAGE, PAGE + 7),
    ]
    assert pages.bytes_read == disk.size


def test_pages_are_forgotten() -> None:
    pages = Pages(Memory(bytes((MOST_PAGES + 1) * PAGE)))
    for number in range(MOST_PAGES + 1):
        pages.read_at(number * PAGE, 1)
    read = pages.bytes_read
    pages.read_at(0, 1)
    assert pages.bytes_read == read + PAGE


def test_disks_on_one_shelf_put_out_each_others_pages() -> None:
    shelf = Shelf(2)
    one, other = (Pages(Memory(byte * 2 * PAGE), shelf) for byte in (b"1", b"2"))
    assert (one.read_at(0, 1), other.read_at(0, 1), one.read_at(0, 1)) == (b"1", b"2", b"1")
    assert (one.bytes_read, other.bytes_read) == (PAGE, PAGE)
    one.read_at(PAGE, 1)
    other.read_at(0, 1)
    assert (one.bytes_read, other.bytes_read) == (2 * PAGE, 2 * PAGE)


@pytest.mark.parametrize(("offset", "size"), [(0, 101), (100, 1)])
def test_a_window_outside_is_refused(offset: int, size: int) -> None:
    with pytest.raises(GuestError, match=r"disk 0, partition 1: ends at byte .*disk's 100"):
        Window(Pages(Memory(bytes(100))), offset, size, "disk 0, partition 1")

# SPDX-License-Identifier: Apache-2.0
"""Directories put together by hand: long names, pages, loops, damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.filesystems.content import noise
from tests.guest.filesystems.jfs.pieces import (
    BLOCK,
    INNER,
    LEAF,
    SLOT,
    blocks,
    dpage,
    droot,
    pxd,
)

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.dtree import Directory, Entry, decode, encodings

LONG = "a-name-that-needs-more-than-two-slots-of-characters"


def _name(text: str) -> tuple[int, ...]:
    return tuple(text.encode())


def _leaf(*names: str) -> dict[tuple[int, ...], bytes]:
    return {_name(name): number.to_bytes(4, "little") for number, name in enumerate(names, 10)}


def _inner(**pages: int) -> dict[tuple[int, ...], bytes]:
    return {_name(name.strip("_")): pxd(page) for name, page in pages.items()}


def _directory(
    root: bytes, pages: dict[int, bytes] | None = None, *, index: bool = True
) -> Directory:
    return Directory(blocks(pages or {}), root, has_index=index)


@pytest.mark.parametrize("first", [11, 13])
def test_reads_a_root(first: int) -> None:
    found = _directory(droot(LEAF, _leaf(LONG, "b", "c" * first), first), index=first == 11)
    assert list(found.entries()) == [
        Entry(_name(LONG), 10),
        Entry(_name("b"), 11),
        Entry(_name("c" * first), 12),
    ]
    assert found.find(_name(LONG)) == 10
    assert found.find(_name(LONG[:-1])) is None
    assert _directory(droot(LEAF, {})).find(_name("x")) is None


def test_reads_pages() -> None:
    pages = {
        5: dpage(INNER, _inner(_=6, m=7), 5),
        6: dpage(LEAF, _leaf("aa", LONG, "lz"), 6),
        7: dpage(LEAF, _leaf("ma", "n"), 7),
    }
    found = _directory(droot(INNER, _inner(_=5)), pages)
    names = [decode(entry.name) for entry in found.entries()]
    assert names == ["aa", LONG, "lz", "ma", "n"]
    assert [found.find(_name(name)) for name in names] == [10, 11, 12, 10, 11]
    assert found.find(_name("m")) is None
    assert found.find(_name("")) is None


LOOP = droot(INNER, _inner(_=5))
TAIL = _leaf(LONG)


def _with(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("root", "pages", "message"),
    [
        (droot(1, {}), {}, "directory: found a page of flag 0x81 with 0 entries"),
        (droot(INNER, {}), {}, "directory: found an inner page without entries"),
        (_with(droot(LEAF, {}), 17, 9), {}, "found a page of flag 0x83 with 9 entries"),
        (_with(droot(LEAF, TAIL), 24, 0), {}, "directory: found an entry outside its page"),
        (_with(droot(LEAF, TAIL), 24, 9), {}, "directory: found an entry outside its page"),
        (_with(droot(LEAF, TAIL), SLOT + 4, 0), {}, "found a name that goes on in slot 0"),
        (_with(droot(LEAF, TAIL), SLOT + 4, 255), {}, "found a name that goes on in slot 255"),
        (LOOP, {5: dpage(LEAF, {}, 5)}, "directory: found an empty page at block 5"),
        (LOOP, {5: dpage(INNER, _inner(_=5), 5)}, "directory: found "),
        (LOOP, {5: dpage(LEAF, {}, 6)}, "page at block 5: found one of block 6"),
        (LOOP, {5: _with(dpage(LEAF, _leaf("x"), 5), 21, 255)}, "directory: found a page of flag"),
    ],
)
def test_damage_is_refused(root: bytes, pages: dict[int, bytes], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        list(_directory(root, pages).entries())
    assert message in caught.value.message
    with pytest.raises(FormatError) as caught:
        _directory(root, pages).find(_name(LONG))
    assert message in caught.value.message


def test_a_page_is_not_read_twice() -> None:
    pages = {5: dpage(LEAF, _leaf("a"), 5)}
    found = _directory(droot(INNER, _inner(_=5, b=5)), pages).entries()
    with pytest.raises(FormatError, match="directory: found the page at block 5 twice"):
        list(found)


def test_a_names_slots_are_no_loop() -> None:
    root = _with(droot(LEAF, TAIL), 2 * SLOT, 2)
    (entry,) = _directory(root).entries()
    assert len(entry.name) == len(LONG)


@given(st.integers(0, 1 << 64))
def test_any_bytes_end_in_entries_or_a_refusal(seed: int) -> None:
    root, page = noise(9 * SLOT, seed), noise(BLOCK, seed + 1)
    pages = {number: page[:24] + pxd(number) + page[32:] for number in range(4)}
    found = _directory(root[:16] + b"\x84\x02" + root[18:], pages)
    for use in (lambda: list(found.entries()), lambda: found.find(_name("name"))):
        try:
            use()
        except FormatError as error:
            message = error.message
        else:
            message = ""
        assert "\0" not in message


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_names_come_back(name: str) -> None:
    narrow, *wide = encodings(name)
    assert decode(narrow) == name
    for stored in wide:
        ambiguous = all(unit < 256 for unit in stored) and decode(stored) != name
        assert decode(stored) == name or ambiguous


def test_names_that_are_no_text() -> None:
    assert decode((0xE9,)) == "é"
    assert decode((0xD800,)) == ""
    assert encodings("a") == [(97,)]
    assert encodings("\ud800") == [(63,)]

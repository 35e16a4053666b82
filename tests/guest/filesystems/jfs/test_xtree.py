# SPDX-License-Identifier: Apache-2.0
"""Trees of extents put together by hand: walks, loops, damage."""

from __future__ import annotations

import pytest
from tests.guest.filesystems.jfs.pieces import INNER, LEAF, blocks, xad, xpage

from vmferry.errors import FormatError
from vmferry.guest.filesystems.jfs.xtree import FileExtent, extents

ROOT = 288
FAR = 1 << 39


def _root(kind: int, *rows: bytes) -> bytes:
    return xpage(kind, list(rows), size=ROOT)


def test_yields_what_is_asked_for() -> None:
    root = _root(LEAF, xad(0, 9, 2), xad(4, 20, 3, 1), xad(7, 30, 1, 8), xad(FAR, 40))
    everything = [
        FileExtent(0, 2, 9),
        FileExtent(4, 3, 20),
        FileExtent(7, 1, None),
        FileExtent(FAR, 1, 40),
    ]
    assert list(extents(blocks({}), root, 0, FAR + 1)) == everything
    assert list(extents(blocks({}), root, 0, 4)) == everything[:1]
    assert list(extents(blocks({}), root, 2, 4)) == []
    assert list(extents(blocks({}), root, 6, 8)) == everything[1:3]
    assert list(extents(blocks({}), _root(LEAF), 0, 9)) == []


def test_walks_pages() -> None:
    pages = {
        5: xpage(INNER, [xad(0, 6), xad(100, 7)], 5),
        6: xpage(LEAF, [xad(0, 40), xad(99, 41)], 6),
        7: xpage(LEAF, [xad(100, 42), xad(200, 43)], 7),
    }
    found = extents(blocks(pages), _root(INNER, xad(0, 5)), 99, 101)
    assert [row.address for row in found] == [41, 42]


def test_an_extent_before_its_page_is_not_told_by_one_read_alone() -> None:
    """Found by the fuzzer: a read of one block skipped the page that a longer one took."""
    pages = {5: xpage(LEAF, [xad(0, 40), xad(1, 41)], 5)}
    root = _root(INNER, xad(1, 5))
    assert list(extents(blocks(pages), root, 0, 1)) == []
    with pytest.raises(FormatError, match="found offset 0, expected from offset 1 on"):
        list(extents(blocks(pages), root, 0, 2))


@pytest.mark.parametrize(
    ("root", "pages", "message"),
    [
        (_root(1), {}, "found a page of flag 0x1 with 2 entries"),
        (_root(LEAF | INNER), {}, "found a page of flag 0x6 with 2 entries"),
        (xpage(LEAF, [xad(0, 1)] * 17, size=ROOT)[:ROOT], {}, "flag 0x2 with 19 entries"),
        (_root(LEAF)[:18] + b"\1" + _root(LEAF)[19:], {}, "flag 0x2 with 1 entries"),
        (_root(LEAF, xad(4, 9), xad(0, 9)), {}, "extent tree: found offsets out of order"),
        (_root(LEAF, xad(0, 9), xad(0, 9)), {}, "extent tree: found offsets out of order"),
        (_root(LEAF, xad(0, 9, 5), xad(4, 9)), {}, "extent tree: found offset 4 twice"),
        (_root(LEAF, xad(0, 9, 0)), {}, "found an extent of flag 0x0, 0 blocks"),
        (_root(LEAF, xad(0, 9, 1, 4)), {}, "found an extent of flag 0x4, 1 blocks"),
        (_root(INNER, xad(0, 5)), {5: xpage(INNER, [xad(0, 5)], 5)}, "found more than 8 levels"),
        (_root(INNER, xad(0, 5)), {5: xpage(LEAF, [], 5)}, "page at block 5: found no extents"),
        (_root(INNER, xad(0, 5)), {5: xpage(LEAF, [], 6)}, "page at block 5: found one of block 6"),
        (_root(INNER, xad(0, 99)), {}, "block 99 at byte"),
        (
            _root(INNER, xad(0, 5), xad(1, 5)),
            {5: xpage(LEAF, [xad(0, 40)], 5)},
            "extent tree: page at block 5: found offset 0, expected from offset 1 on",
        ),
    ],
)
def test_damage_is_refused(root: bytes, pages: dict[int, bytes], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        list(extents(blocks(pages), root, 0, 1 << 40))
    assert message in caught.value.message

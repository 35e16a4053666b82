# SPDX-License-Identifier: Apache-2.0
"""Trees of nodes put together by hand: walks, and damage that a checksum does not show."""

from __future__ import annotations

import struct

import pytest
from tests.guest.filesystems.btrfs.pieces import (
    DISK,
    NODE,
    SHIFT,
    inner,
    leaf,
    node,
    parsed,
    root,
    sealed,
    trees,
    window,
)

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.chunks import Chunks, Profile
from vmferry.guest.filesystems.btrfs.tree import HIGHEST, Key, Trees
from vmferry.units import MIB

TOP = SHIFT + MIB
LEFT, RIGHT = TOP + NODE, TOP + 2 * NODE
LOW: Key = (0, 0, 0)
HIGH: Key = (HIGHEST, 255, HIGHEST)


def _key(number: int) -> Key:
    return (number, 1, 0)


def _two(left: bytes = b"", right: bytes = b"", top: bytes = b"") -> Trees:
    return trees(
        {
            TOP: top or inner(TOP, 1, {_key(1): LEFT, _key(10): RIGHT}),
            LEFT: left or leaf(LEFT, {_key(1): b"one", _key(5): b"five"}),
            RIGHT: right or leaf(RIGHT, {_key(10): b"ten", _key(11): b""}),
        }
    )


def test_walks_in_the_order_of_keys() -> None:
    found = _two()
    assert [item for _, item in found.items(root(TOP, 1), LOW, HIGH)] == [
        b"one",
        b"five",
        b"ten",
        b"",
    ]
    middle = found.items(root(TOP, 1), _key(2), _key(10))
    assert list(middle) == [(_key(5), b"five"), (_key(10), b"ten")]
    assert found.get(root(TOP, 1), _key(5)) == b"five"
    assert found.get(root(TOP, 1), _key(6)) is None
    assert found.get(root(TOP, 1), LOW) is None
    assert list(trees({TOP: leaf(TOP, {})}).items(root(TOP), LOW, HIGH)) == []


def _all(found: Trees, level: int = 1) -> None:
    for _ in found.items(root(TOP, level), LOW, HIGH):
        pass


def test_a_loop_is_refused() -> None:
    with pytest.raises(FormatError, match="expected \\(7, 0\\)"):
        _all(_two(top=inner(TOP, 1, {_key(1): TOP})))
    with pytest.raises(FormatError, match=f"node {LEFT}: found \\[\\(1, 1, 0\\)\\], expected"):
        _all(_two(top=inner(TOP, 1, {_key(1): LEFT, _key(6): LEFT})))


@pytest.mark.parametrize(
    ("left", "message"),
    [
        (leaf(LEFT, {_key(2): b""}), r"found \[\(2, 1, 0\)\], expected \[\(1, 1, 0\)\]"),
        (leaf(LEFT, {}), r"found \[\], expected \[\(1, 1, 0\)\]"),
        (leaf(LEFT, {_key(1): b"", _key(10): b""}), r"expected a key below \(10, 1, 0\)"),
        (leaf(LEFT, {_key(1): b""}, generation=6), r"found \(6, 0\), expected \(7, 0\)"),
        (leaf(LEFT, {_key(1): b"", _key(0): b""}), "keys out of order"),
        (leaf(LEFT, {_key(1): b""})[:-1] + b"x", "a wrong checksum"),
        (leaf(RIGHT, {_key(1): b""}), f"one of address {RIGHT}, expected of {LEFT}"),
        (sealed(bytes(NODE)), f"one of address 0, expected of {LEFT}"),
        (node(LEFT, struct.pack("<QBQII", 1, 1, 0, 4000, 0), 1, 0), "an item behind its end"),
        (node(LEFT, struct.pack("<QBQII", 1, 1, 0, 0, 1 << 31), 1, 0), "an item behind its end"),
        (node(LEFT, b"", 1 << 31, 0), "found 2147483648 items at level 0"),
        (node(LEFT, b"", 160, 0), "found 160 items at level 0"),
        (node(LEFT, b"", 1, 8), "found 1 items at level 8"),
        (inner(LEFT, 1, {_key(1): RIGHT}), r"found \(7, 1\), expected \(7, 0\)"),
    ],
)
def test_a_child_that_is_not_what_its_parent_names_is_refused(left: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        _all(_two(left=left))


def test_the_root_is_checked_too() -> None:
    with pytest.raises(FormatError, match=r"found \(7, 1\), expected \(7, 0\)"):
        _all(_two(), level=0)


def test_the_other_copy_is_read_where_one_is_damaged() -> None:
    good = leaf(TOP, {_key(1): b"one"})
    block = parsed()
    array = bytearray(block.system_chunks)
    struct.pack_into("<Q", array, 17 + 24, Profile.DUP)
    struct.pack_into("<H", array, 17 + 44, 2)
    block = block._replace(system_chunks=bytes(array) + struct.pack("<QQ16x", 1, MIB))
    nodes = {TOP: good[:-1] + b"x", TOP + MIB: good}
    found = Trees(window(nodes), block, Chunks(block, DISK))
    assert found.get(root(TOP), _key(1)) == b"one"
    found = Trees(window({TOP: bytes(NODE)}), block, Chunks(block, DISK))
    with pytest.raises(FormatError, match="node at byte 1048576: found a wrong checksum"):
        found.get(root(TOP), _key(1))

# SPDX-License-Identifier: Apache-2.0
"""Directory items put together by hand."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from tests.guest.filesystems.btrfs.pieces import SHIFT, leaf, root, trees

from vmferry.errors import FormatError
from vmferry.guest.filesystem import NodeKind
from vmferry.guest.filesystems.btrfs import directory
from vmferry.guest.filesystems.btrfs.checksum import name_hash
from vmferry.guest.filesystems.btrfs.directory import Entry
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystems.btrfs.tree import Trees

TOP = SHIFT + MIB
FOLDER = 256


def _entry(name: bytes, inode: int, kind: int = 1, target: int = 1, data: int = 0) -> bytes:
    head = struct.pack("<QBQQHHB", inode, target, 0, 7, data, len(name), kind)
    return head + name + bytes(data)


def _trees(by_name: bytes, by_index: bytes = b"") -> Trees:
    items = {(FOLDER, 84, name_hash(b"name")): by_name, (FOLDER, 96, 2): by_index}
    return trees({TOP: leaf(TOP, items)})


def test_finds_one_of_the_names_with_the_same_hash() -> None:
    item = _entry(b"other", 300) + _entry(b"name", 301, kind=2, data=5) + _entry(b"third", 302)
    found = directory.find(_trees(item), root(TOP), FOLDER, b"name")
    assert found == Entry(b"name", 301, False, NodeKind.DIRECTORY)
    assert directory.find(_trees(_entry(b"other", 9)), root(TOP), FOLDER, b"name") is None
    assert directory.find(_trees(b""), root(TOP), FOLDER, b"absent") is None


def test_lists_by_index() -> None:
    item = _entry(b"link", 300, kind=7) + _entry(b"sub", 258, kind=2, target=132)
    assert list(directory.entries(_trees(b"", item), root(TOP), FOLDER)) == [
        Entry(b"link", 300, False, NodeKind.LINK),
        Entry(b"sub", 258, True, NodeKind.DIRECTORY),
    ]
    (fifo,) = directory.entries(_trees(b"", _entry(b"fifo", 1, kind=5)), root(TOP), FOLDER)
    assert fifo.kind is NodeKind.OTHER


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (_entry(b"", 1)[:-1], "directory: found an entry that is cut off"),
        (_entry(b"name", 1)[:-1], "directory: found a name that is cut off"),
        (_entry(b"name", 1, data=9)[:-1], "directory: found a name that is cut off"),
        (_entry(b"name", 1) + b"more", "directory: found an entry that is cut off"),
    ],
)
def test_refuses_by_name(item: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        list(directory.entries(_trees(b"", item), root(TOP), FOLDER))

# SPDX-License-Identifier: Apache-2.0
"""The root tree put together by hand: deleted subvolumes, loops of them, damage."""

from __future__ import annotations

import struct

import pytest
from tests.guest.filesystems.btrfs.pieces import GENERATION, SHIFT, leaf, root, trees

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs import subvolumes as module
from vmferry.guest.filesystems.btrfs.checksum import name_hash
from vmferry.guest.filesystems.btrfs.subvolumes import Stems
from vmferry.guest.filesystems.btrfs.tree import HIGHEST, Key
from vmferry.units import KIB, MIB

TOP = SHIFT + MIB
FILES = TOP + 4 * KIB
LEAST = 300
"""Bytes of the root items here: old kernels wrote 239, new ones 439."""


def _item(logical: int = FILES, flags: int = 0, references: int = 1, level: int = 0) -> bytes:
    item = bytearray(LEAST)
    struct.pack_into("<QQQ", item, 160, GENERATION, 256, logical)
    struct.pack_into("<QI", item, 208, flags, references)
    item[238] = level
    return bytes(item)


def _backwards(directory: int, name: bytes) -> bytes:
    return struct.pack("<QQH", directory, 2, len(name)) + name


def _up(name: bytes) -> bytes:
    return struct.pack("<QH", 2, len(name)) + name


def _stems(items: dict[Key, bytes], files: dict[Key, bytes] | None = None) -> Stems:
    items = dict(sorted(items.items()))
    files = dict(sorted((files or {}).items()))
    return Stems(trees({TOP: leaf(TOP, items), FILES: leaf(FILES, files)}), root(TOP))


def test_the_top_is_the_default_unless_another_is_set() -> None:
    assert _stems({(5, 132, 0): _item()}).default() == 5
    entry = struct.pack("<QBQQHHB", 257, 132, HIGHEST, 0, 0, 7, 2) + b"default"
    key = (6, 84, name_hash(b"default"))
    assert _stems({key: entry}).default() == 257


def test_paths_go_through_the_directories_of_each_parent() -> None:
    stems = _stems(
        {
            (5, 132, 0): _item(),
            (256, 132, 0): _item(),
            (256, 144, 5): _backwards(300, b"inner"),
            (257, 132, 9): _item(flags=1),
            (257, 144, 256): _backwards(256, b"last\xff"),
            (258, 132, 0): _item(references=0),
        },
        {(300, 12, 299): _up(b"b"), (299, 12, 256): _up(b"a")},
    )
    assert [(stem.number, stem.flags) for stem in stems.all()] == [(5, 0), (256, 0), (257, 1)]
    assert stems.path(5) == ""
    assert stems.path(256) == "a/b/inner"
    assert stems.path(257) == "a/b/inner/last\N{REPLACEMENT CHARACTER}"
    assert stems.path(999) is None
    assert stems.get(258) is None


def test_a_subvolume_whose_directory_is_gone_has_no_path() -> None:
    stems = _stems({(5, 132, 0): _item(), (256, 144, 5): _backwards(300, b"x")})
    assert stems.path(256) is None


@pytest.mark.parametrize(
    ("items", "files"),
    [
        ({(256, 144, 256): _backwards(256, b"x")}, {}),
        ({(256, 144, 257): _backwards(256, b"x"), (257, 144, 256): _backwards(256, b"y")}, {}),
        ({(5, 132, 0): _item(), (256, 144, 5): _backwards(9, b"x")}, {(9, 12, 9): _up(b"")}),
    ],
)
def test_loops_are_refused(items: dict[Key, bytes], files: dict[Key, bytes]) -> None:
    with pytest.raises(FormatError, match="subvolume: found a path of 257 names and more"):
        _stems(items, files).path(256)


def test_damage_is_refused() -> None:
    with pytest.raises(FormatError, match="found an item of 238 bytes, expected 239"):
        _stems({(256, 132, 0): _item()[:238]}).get(256)
    with pytest.raises(FormatError, match="subvolume 256: found a tree of height 8"):
        _stems({(256, 132, 0): _item(level=8)}).get(256)
    with pytest.raises(FormatError, match="found an item of 17 bytes, expected 18"):
        _stems({(256, 144, 5): bytes(17)}).path(256)


def test_a_root_tree_of_other_things_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ITEMS", 3)
    with pytest.raises(FormatError, match="root tree: found more, expected at most 3 items"):
        list(_stems({(300 + number, 1, 0): b"" for number in range(4)}).all())

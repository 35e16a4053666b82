# SPDX-License-Identifier: Apache-2.0
"""The root tree: where each subvolume's tree starts, what it is called, which one is the default.

    Dec  Hex  Root item (its key: number, 132, …)
    160  0xA0 generation            u64
    168  0xA8 root_dirid            u64, 256
    176  0xB0 bytenr                u64 logical
    208  0xD0 flags                 u64: 1 read-only
    216  0xD8 refs                  u32, 0: deleted
    238  0xEE level                 u8

    Dec  Hex  Root reference (parent, 156, number), and the same backwards (number, 144, parent)
      0  0x00 dirid                 u64, the directory in the parent
      8  0x08 sequence              u64
     16  0x10 name_len              u16
     18  0x12 name

    Dec  Hex  Inode reference (inode, 12, parent directory)
      0  0x00 index                 u64
      8  0x08 name_len              u16
     10  0x0A name

The top of the file system is tree 5; the others have numbers from 256 on. The default is the entry
``default`` of directory 6 of the root tree.

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "ROOT_ITEM", "ROOT_REF",
"INODE_REF"; https://btrfs.readthedocs.io/en/latest/btrfs-subvolume.html.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.guest.filesystem import LONGEST_PATH
from vmferry.guest.filesystems.btrfs import directory
from vmferry.guest.filesystems.btrfs.superblock import HIGHEST_LEVEL
from vmferry.guest.filesystems.btrfs.tree import HIGHEST, Root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.btrfs.tree import Trees

TOP: Final = 5
FIRST: Final = 256
LAST: Final = HIGHEST - 255
ROOT_DIRECTORY: Final = 256
"""The inode of every subvolume's root directory."""
ROOT_TREE_DIRECTORY: Final = 6

INODE_REF: Final = 12
ROOT_ITEM: Final = 132
ROOT_BACKREF: Final = 144
ROOT_REF: Final = 156
READ_ONLY: Final = 1

MOST_ITEMS: Final = 1 << 18
MOST_PARENTS: Final = 256
"""Directories above a subvolume; each has a name of a byte at least, and paths end at 4 KiB."""

_ROOT: Final = struct.Struct("<160xQQQ24xQI18xB")
_ROOT_NAME: Final = struct.Struct("<QQH")
_INODE_NAME: Final = struct.Struct("<QH")


class Stem(NamedTuple):
    """Where a subvolume's tree starts."""

    number: int
    root: Root
    flags: int


class Stems:
    """The subvolumes of a file system by number.

    Args:
        trees: Reads trees.
        root: The root tree.
    """

    def __init__(self, trees: Trees, root: Root) -> None:
        self._trees = trees
        self._root = root

    def get(self, number: int) -> Stem | None:
        """Return the subvolume, or ``None``. Raises ``FormatError`` on damage."""
        low, high = (number, ROOT_ITEM, 0), (number, ROOT_ITEM, HIGHEST)
        stem = None
        for _, item in self._trees.items(self._root, low, high):
            stem = _stem(number, item)
        return stem

    def default(self) -> int:
        """Return the number of the default subvolume."""
        location = directory.find(self._trees, self._root, ROOT_TREE_DIRECTORY, b"default")
        return location.inode if location and location.is_subvolume else TOP

    def all(self) -> Iterator[Stem]:
        """Yield every subvolume by rising number, the top first.

        Raises:
            FormatError: The root tree is damaged, or has far more items than subvolumes.
        """
        top = self.get(TOP)
        if top is not None:
            yield top
        low, high = (FIRST, ROOT_ITEM, 0), (LAST, ROOT_ITEM, HIGHEST)
        for count, (key, item) in enumerate(self._trees.items(self._root, low, high)):
            if count >= MOST_ITEMS:
                raise FormatError("root tree", found="more", expected=f"at most {MOST_ITEMS} items")
            stem = _stem(key[0], item) if key[1] == ROOT_ITEM else None
            if stem is not None:
                yield stem

    def is_child(self, parent: int, number: int) -> bool:
        """Say whether ``number`` is mounted in ``parent``.

        A snapshot keeps the entries of the subvolumes below its original, but not those
        subvolumes: they show as empty directories.
        """
        return self._trees.get(self._root, (parent, ROOT_REF, number)) is not None

    def path(self, number: int) -> str | None:
        """Return a subvolume's path from the top, or ``None`` if it is nowhere: about to go.

        Raises:
            FormatError: A name on the way is damaged, or there is no end of it.
        """
        names: list[bytes] = []
        while number != TOP:
            step = self._first(self._root, number, ROOT_BACKREF)
            if step is None:
                return None
            number, item = step
            inode, _, _ = _fields(_ROOT_NAME, item)
            names.append(_name(_ROOT_NAME, item))
            parent = self.get(number)
            while parent is not None and inode != ROOT_DIRECTORY:
                step = self._first(parent.root, inode, INODE_REF)
                if step is None:
                    return None
                inode, item = step
                names.append(_name(_INODE_NAME, item))
                _check_path(names)
            _check_path(names)
        return b"/".join(reversed(names)).decode("utf-8", "replace")

    def _first(self, root: Root, objectid: int, kind: int) -> tuple[int, bytes] | None:
        """Return the offset of the first key of this sort, and its item."""
        low, high = (objectid, kind, 0), (objectid, kind, HIGHEST)
        return next(((key[2], item) for key, item in self._trees.items(root, low, high)), None)


def _stem(number: int, item: bytes) -> Stem | None:
    generation, _, logical, flags, references, level = _fields(_ROOT, item)
    if level > HIGHEST_LEVEL:
        raise FormatError(f"subvolume {number}", found=f"a tree of height {level}")
    return Stem(number, Root(logical, generation, level), flags) if references else None


def _fields(record: struct.Struct, item: bytes) -> tuple[int, ...]:
    if len(item) < record.size:
        raise FormatError("root tree", found=f"an item of {len(item)} bytes", expected=record.size)
    return record.unpack_from(item)


def _name(record: struct.Struct, item: bytes) -> bytes:
    length = _fields(record, item)[-1]
    return item[record.size : record.size + length]


def _check_path(names: list[bytes]) -> None:
    if len(names) > MOST_PARENTS or sum(map(len, names)) > LONGEST_PATH:
        raise FormatError("subvolume", found=f"a path of {len(names)} names and more")

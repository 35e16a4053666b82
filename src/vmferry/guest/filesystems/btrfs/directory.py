# SPDX-License-Identifier: Apache-2.0
"""Directories: each entry is there twice, by its name's hash and by its place in the listing.

    Dec  Hex  Directory item (inode, 84, hash), several if hashes agree; index (inode, 96, n)
      0  0x00 location              17 bytes, a key: an inode's (1), or a subvolume's root (132)
     17  0x11 transid               u64
     25  0x19 data_len              u16, 0
     27  0x1B name_len              u16
     29  0x1D type                  u8: 1 file, 2 directory, 7 link, others special
     30  0x1E name

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "DIR_ITEM", "DIR_INDEX".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.guest.filesystem import NodeKind
from vmferry.guest.filesystems.btrfs.checksum import name_hash
from vmferry.guest.filesystems.btrfs.tree import HIGHEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.btrfs.tree import Root, Trees

DIR_ITEM: Final = 84
DIR_INDEX: Final = 96
SUBVOLUME: Final = 132
KINDS: Final = {1: NodeKind.FILE, 2: NodeKind.DIRECTORY, 7: NodeKind.LINK}

_STRUCT: Final = struct.Struct("<QBQQHHB")


class Entry(NamedTuple):
    """One entry; ``inode`` is the number of the subvolume if it leads to one."""

    name: bytes
    inode: int
    is_subvolume: bool
    kind: NodeKind


def find(trees: Trees, root: Root, inode: int, name: bytes) -> Entry | None:
    """Return the entry ``name`` of a directory, or ``None``. Raises ``FormatError`` on damage."""
    item = trees.get(root, (inode, DIR_ITEM, name_hash(name)))
    return next((entry for entry in _entries(item or b"") if entry.name == name), None)


def entries(trees: Trees, root: Root, inode: int) -> Iterator[Entry]:
    """Yield the entries of a directory. Raises ``FormatError`` on damage."""
    for _, item in trees.items(root, (inode, DIR_INDEX, 0), (inode, DIR_INDEX, HIGHEST)):
        yield from _entries(item)


def _entries(item: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(item):
        if at + _STRUCT.size > len(item):
            raise FormatError("directory", found="an entry that is cut off")
        inode, target, _, _, data, length, kind = _STRUCT.unpack_from(item, at)
        at += _STRUCT.size
        name = item[at : at + length]
        at += length + data
        if at > len(item):
            raise FormatError("directory", found="a name that is cut off")
        yield Entry(name, inode, target == SUBVOLUME, KINDS.get(kind, NodeKind.OTHER))

# SPDX-License-Identifier: Apache-2.0
"""The files of a Btrfs as the nodes of the seam.

    Dec  Hex  Inode item (its key: inode, 1, 0)
     16  0x10 size                  u64
     52  0x34 mode                  u32

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "INODE_ITEM".
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError, GuestError
from vmferry.guest.filesystem import LONGEST_PATH, NodeKind, Subvolume
from vmferry.guest.filesystems.btrfs import directory
from vmferry.guest.filesystems.btrfs.chunks import CHUNK_ITEM, FIRST_CHUNK_TREE, Chunks
from vmferry.guest.filesystems.btrfs.extents import EXTENT_DATA, Extents
from vmferry.guest.filesystems.btrfs.subvolumes import READ_ONLY, ROOT_DIRECTORY, Stem, Stems
from vmferry.guest.filesystems.btrfs.superblock import OFFSET, SIZE, read_super_block
from vmferry.guest.filesystems.btrfs.tree import HIGHEST, Root, Trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.window import Window

INODE_ITEM: Final = 1

_INODE: Final = struct.Struct("<16xQ28xI104x")


class _Volume:
    """What the nodes of one file system share."""

    def __init__(self, window: Window) -> None:
        self.name = window.name
        self.super_block = read_super_block(window.peek(OFFSET, SIZE))
        chunks = Chunks(self.super_block, window.size)
        self.trees = Trees(window, self.super_block, chunks)
        self.extents = Extents(window, chunks, self.super_block.sector_size)
        first, last = (FIRST_CHUNK_TREE, CHUNK_ITEM, 0), (FIRST_CHUNK_TREE, CHUNK_ITEM, HIGHEST)
        for key, item in self.trees.items(_chunk_root(self), first, last):
            chunks.add(key[2], item)
        chunks.sort()
        self.stems = Stems(self.trees, _root(self))


def _chunk_root(volume: _Volume) -> Root:
    found = volume.super_block
    return Root(found.chunk_root, found.chunk_generation, found.chunk_level)


def _root(volume: _Volume) -> Root:
    found = volume.super_block
    return Root(found.root, found.generation, found.root_level)


class BtrfsNode:
    """One inode of one subvolume.

    Args:
        volume: The file system.
        stem: The subvolume; ``None`` for the empty directory that a snapshot shows in the place of
            a subvolume of its original.
        inode: The inode's number.
        kind: What the directory says that it is.
    """

    def __init__(self, volume: _Volume, stem: Stem | None, inode: int, kind: NodeKind) -> None:
        self._volume = volume
        self._stem = stem
        self._inode = inode
        self.kind = kind

    @property
    def size(self) -> int:
        """Bytes of a file."""
        if self._stem is None:
            return 0
        with _damage(self._volume.name):
            key = (self._inode, INODE_ITEM, 0)
            item = self._volume.trees.get(self._stem.root, key) or b""
            if len(item) < _INODE.size:
                raise FormatError(f"inode {self._inode}", found=f"{len(item)} bytes of it")
            size: int = _INODE.unpack_from(item)[0]
        return size

    def child(self, name: str) -> BtrfsNode | None:
        """Return the entry of a directory, or ``None``."""
        if self._stem is None or self.kind is not NodeKind.DIRECTORY:
            return None
        volume = self._volume
        with _damage(volume.name):
            sought = name.encode("utf-8", "replace")
            entry = directory.find(volume.trees, self._stem.root, self._inode, sought)
            if entry is None:
                return None
            if not entry.is_subvolume:
                return BtrfsNode(volume, self._stem, entry.inode, entry.kind)
            is_child = volume.stems.is_child(self._stem.number, entry.inode)
            stem = volume.stems.get(entry.inode) if is_child else None
        return BtrfsNode(volume, stem, ROOT_DIRECTORY, NodeKind.DIRECTORY)

    def names(self, most: int) -> list[str]:
        """Return the names in a directory. Raises ``GuestError`` at more than ``most``."""
        found: list[str] = []
        if self._stem is None or self.kind is not NodeKind.DIRECTORY:
            return found
        volume = self._volume
        with _damage(volume.name):
            listing = directory.entries(volume.trees, self._stem.root, self._inode)
            for count, entry in enumerate(listing):
                if count >= most:
                    raise GuestError(
                        f"{volume.name}: found more entries in a directory than the {most} expected"
                    )
                if name := _text(entry.name):
                    found.append(name)
        return found

    def read(self, length: int) -> bytes:
        """Return the first ``length`` bytes of a file, fewer if it is shorter."""
        wanted = min(length, self.size)
        if self._stem is None or wanted <= 0:
            return b""
        low, high = (self._inode, EXTENT_DATA, 0), (self._inode, EXTENT_DATA, wanted - 1)
        with _damage(self._volume.name):
            items = self._volume.trees.items(self._stem.root, low, high)
            return self._volume.extents.read(items, wanted)

    def target(self) -> str:
        """Return where a symbolic link points."""
        return self.read(LONGEST_PATH).decode("utf-8", "replace")


def open_btrfs(window: Window) -> BtrfsNode:
    """Return the root directory of the default subvolume of the file system in ``window``.

    Raises:
        GuestError: It is damaged, or spread over devices.
    """
    with _damage(window.name):
        volume = _Volume(window)
        number = volume.stems.default()
        stem = volume.stems.get(number)
        if stem is None:
            raise FormatError("root tree", found=f"no default subvolume {number}")
        return _top(volume, stem)


def open_subvolumes(window: Window) -> Iterator[Subvolume]:
    """Yield every subvolume that has a path. Raises ``GuestError`` on damage."""
    with _damage(window.name):
        volume = _Volume(window)
        default = volume.stems.default()
        for stem in volume.stems.all():
            path = volume.stems.path(stem.number)
            if path is not None:
                yield Subvolume(
                    number=stem.number,
                    path=path,
                    root=_top(volume, stem),
                    read_only=bool(stem.flags & READ_ONLY),
                    default=stem.number == default,
                )


def is_clean(window: Window) -> bool:
    """Say whether the log tree is empty. Raises ``GuestError`` on damage."""
    with _damage(window.name):
        return read_super_block(window.peek(OFFSET, SIZE)).log_root == 0


def _top(volume: _Volume, stem: Stem) -> BtrfsNode:
    return BtrfsNode(volume, stem, ROOT_DIRECTORY, NodeKind.DIRECTORY)


def _text(name: bytes) -> str:
    """Return the name, ``""`` if it is not UTF-8: no path that we look for leads there."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return ""


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Turn what the parsers raise into the seam's error, with the partition in front."""
    try:
        yield
    except FormatError as error:
        raise GuestError(
            f"{where}: the btrfs file system cannot be read: {error.message}",
            hint=error.hint or "Run btrfs check in the machine and export it again",
        ) from error

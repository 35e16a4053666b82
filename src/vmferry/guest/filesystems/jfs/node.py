# SPDX-License-Identifier: Apache-2.0
"""The files of a JFS as the nodes of the seam."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError, GuestError
from vmferry.guest.filesystem import LONGEST_PATH, NodeKind
from vmferry.guest.filesystems.jfs.blocks import Blocks
from vmferry.guest.filesystems.jfs.dtree import ROOT_SIZE, Directory, decode, encodings
from vmferry.guest.filesystems.jfs.inodes import SHORT_LINK, SIZE, Inode, Inodes
from vmferry.guest.filesystems.jfs.space import free_bytes
from vmferry.guest.filesystems.jfs.superblock import OFFSET, read_super_block
from vmferry.guest.filesystems.jfs.superblock import SIZE as SUPER_BLOCK_SIZE
from vmferry.guest.filesystems.jfs.xtree import extents
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.jfs.superblock import SuperBlock
    from vmferry.guest.window import Window

ROOT: Final = 2
PIECE: Final = 64 * KIB
KINDS: Final = {
    stat.S_IFREG: NodeKind.FILE,
    stat.S_IFDIR: NodeKind.DIRECTORY,
    stat.S_IFLNK: NodeKind.LINK,
}


class _Volume:
    """What the nodes of one file system share."""

    def __init__(self, window: Window) -> None:
        self.name = window.name
        self.super_block = _super_block(window)
        self.blocks = Blocks(window, self.super_block.block_size)
        self.inodes = Inodes(self.blocks)


class JfsNode:
    """One inode.

    Args:
        volume: The file system.
        inode: Its inode.
    """

    def __init__(self, volume: _Volume, inode: Inode) -> None:
        self._volume = volume
        self._inode = inode
        self.kind = KINDS.get(stat.S_IFMT(inode.mode), NodeKind.OTHER)
        self.size = inode.size

    def child(self, name: str) -> JfsNode | None:
        """Return the entry of a directory, or ``None``."""
        volume = self._volume
        if self.kind is not NodeKind.DIRECTORY:
            return None
        with _damage(volume.name):
            for stored in encodings(name):
                number = self._directory().find(stored)
                if number is not None:
                    return JfsNode(volume, volume.inodes.get(number))
        return None

    def names(self, most: int) -> list[str]:
        """Return the names in a directory. Raises ``GuestError`` at more than ``most``."""
        found: list[str] = []
        if self.kind is not NodeKind.DIRECTORY:
            return found
        with _damage(self._volume.name):
            for count, entry in enumerate(self._directory().entries()):
                if count >= most:
                    raise GuestError(
                        f"{self._volume.name}: found more entries in a directory"
                        f" than the {most} expected"
                    )
                if name := decode(entry.name):
                    found.append(name)
        return found

    def read(self, length: int) -> bytes:
        """Return the first ``length`` bytes of a file, fewer if it is shorter."""
        wanted = min(length, self.size)
        if wanted <= 0 or self.kind not in (NodeKind.FILE, NodeKind.LINK):
            return b""
        blocks = self._volume.blocks
        out = bytearray(wanted)
        with _damage(self._volume.name):
            for found in extents(blocks, self._inode.tree, 0, -(-wanted // blocks.size)):
                if found.address is None:
                    continue
                start = found.offset * blocks.size
                size = min(found.length * blocks.size, wanted - start)
                for at in range(0, size, PIECE):
                    piece = blocks.read(found.address, at, min(PIECE, size - at))
                    out[start + at : start + at + len(piece)] = piece
        return bytes(out)

    def target(self) -> str:
        """Return where a symbolic link points."""
        if self.kind is not NodeKind.LINK:
            return ""
        if self.size < SIZE - SHORT_LINK:
            data = self._inode.data[SHORT_LINK : SHORT_LINK + self.size]
        else:
            data = self.read(LONGEST_PATH)
        return data.decode("utf-8", "replace")

    def _directory(self) -> Directory:
        volume = self._volume
        root = self._inode.tree[:ROOT_SIZE]
        return Directory(volume.blocks, root, has_index=volume.super_block.has_index)


def open_jfs(window: Window) -> JfsNode:
    """Return the root directory of the file system in ``window``.

    Raises:
        GuestError: It is damaged.
    """
    with _damage(window.name):
        volume = _Volume(window)
        node = JfsNode(volume, volume.inodes.get(ROOT))
        if node.kind is not NodeKind.DIRECTORY:
            raise FormatError(f"inode {ROOT}", found=node.kind, expected="the root directory")
        return node


def is_clean(window: Window) -> bool:
    """Say whether the journal is empty. Raises ``GuestError`` on damage."""
    with _damage(window.name):
        return _super_block(window).is_clean


def free(window: Window) -> int:
    """Return the free bytes. Raises ``GuestError`` on damage."""
    with _damage(window.name):
        return free_bytes(Blocks(window, _super_block(window).block_size))


def _super_block(window: Window) -> SuperBlock:
    return read_super_block(window.peek(OFFSET, SUPER_BLOCK_SIZE))


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Turn what the parsers raise into the seam's error, with the partition in front."""
    try:
        yield
    except FormatError as error:
        raise GuestError(
            f"{where}: the jfs file system cannot be read: {error.message}",
            hint=error.hint or "Run fsck.jfs in the machine and export it again",
        ) from error

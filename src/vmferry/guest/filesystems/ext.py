# SPDX-License-Identifier: Apache-2.0
"""ext2, ext3 and ext4, read by libfsext.

libfsext raises ``OSError`` for whatever it dislikes; here it becomes a ``GuestError`` that names
the partition, without the library's chain of function names.

Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/
"""

from __future__ import annotations

import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pyfsext

from vmferry.errors import GuestError
from vmferry.guest.filesystem import FileSystem, NodeKind
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.window import Window

PIECE: Final = 64 * KIB

KINDS: Final = {
    stat.S_IFREG: NodeKind.FILE,
    stat.S_IFDIR: NodeKind.DIRECTORY,
    stat.S_IFLNK: NodeKind.LINK,
}


class ExtNode:
    """One inode of an ext file system.

    Args:
        volume: libfsext's volume. Children are asked of it by their whole path, which reads only
            directories; ``get_sub_file_entry_by_name`` of 20260821 fails on every name.
        path: The way from the root, without symbolic links; ``""`` for the root.
        entry: libfsext's file entry.
        where: The partition's name for messages.
    """

    def __init__(self, volume: Any, path: str, entry: Any, where: str) -> None:  # noqa: ANN401
        self._volume = volume
        self._path = path
        self._entry = entry
        self._where = where
        with _damage(where):
            self.kind = KINDS.get(stat.S_IFMT(entry.file_mode), NodeKind.OTHER)
            self.size = int(entry.size or 0)

    def child(self, name: str) -> ExtNode | None:
        """Return the entry of a directory, or ``None``."""
        path = f"{self._path}/{name}"
        with _damage(self._where):
            entry = self._volume.get_file_entry_by_path(path)
        return None if entry is None else ExtNode(self._volume, path, entry, self._where)

    def names(self, most: int) -> list[str]:
        """Return the names in a directory. Raises ``GuestError`` at more than ``most``."""
        with _damage(self._where):
            count = self._entry.number_of_sub_file_entries
            if count > most:
                raise GuestError(
                    f"{self._where}: found {count} entries in a directory, expected at most {most}"
                )
            entries = [self._entry.get_sub_file_entry(position) for position in range(count)]
        return [name for entry in entries if (name := _name(entry))]

    def read(self, length: int) -> bytes:
        """Return the first ``length`` bytes of a file, fewer if it is shorter."""
        wanted = min(length, self.size)
        pieces = []
        with _damage(self._where):
            self._entry.seek_offset(0, 0)
            while wanted > 0:
                piece: bytes = self._entry.read_buffer(min(PIECE, wanted))
                if not piece:
                    break
                pieces.append(piece)
                wanted -= len(piece)
        return b"".join(pieces)

    def target(self) -> str:
        """Return where a symbolic link points."""
        with _damage(self._where):
            return str(self._entry.symbolic_link_target or "")


def open_ext(window: Window) -> ExtNode:
    """Return the root directory of the file system in ``window``.

    Raises:
        GuestError: It is damaged.
    """
    with _damage(window.name):
        volume = pyfsext.volume()
        volume.open_file_object(window)
        root = volume.get_root_directory()
        if root is None or not stat.S_ISDIR(root.file_mode):
            raise OSError("inode 2 is not a directory")
        return ExtNode(volume, "", root, window.name)


def _name(entry: Any) -> str:  # noqa: ANN401
    """Return the entry's name, ``""`` if it is not UTF-8: no path that we look for leads there."""
    try:
        return entry.name or ""
    except OSError:
        return ""


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Turn what libfsext raises on damaged bytes into our error; the rest is a bug and stays."""
    try:
        yield
    except (OSError, MemoryError, OverflowError, ValueError) as error:
        raise GuestError(
            f"{where}: the ext file system is damaged",
            hint="Run fsck in the machine and export it again",
        ) from error


FILESYSTEM = FileSystem(name="ext", kinds=("ext2", "ext3", "ext4"), open=open_ext)

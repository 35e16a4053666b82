# SPDX-License-Identifier: Apache-2.0
"""Nodes of the file systems that libyal reads; its libraries differ in little but their names.

libyal raises ``OSError`` for whatever it dislikes; here it becomes a ``GuestError`` that names the
partition, without the library's chain of function names.

Source: the documentation folders of libfsext, libfsxfs, libfsfat and libfsntfs.
"""

from __future__ import annotations

import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import GuestError
from vmferry.guest.filesystem import NodeKind
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmferry.guest.window import Window

PIECE: Final = 64 * KIB

KINDS: Final = {
    stat.S_IFREG: NodeKind.FILE,
    stat.S_IFDIR: NodeKind.DIRECTORY,
    stat.S_IFLNK: NodeKind.LINK,
}


def posix_kind(entry: Any) -> NodeKind:  # noqa: ANN401
    """Return what an entry is that has a POSIX mode."""
    return KINDS.get(stat.S_IFMT(entry.file_mode), NodeKind.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What one of libyal's libraries does its own way.

    Attributes:
        name: Of the file system, for messages.
        volume: Makes libyal's volume.
        kind: Tells what a file entry is.
        separator: Between the names of a path.
        remedy: What mends a damaged file system.
    """

    name: str
    volume: Callable[[], Any]
    kind: Callable[[Any], NodeKind] = posix_kind
    separator: str = "/"
    remedy: str = "Run fsck in the machine and export it again"

    def open(self, window: Window) -> LibyalNode:
        """Return the root directory of the file system in ``window``.

        Raises:
            GuestError: It is damaged.
        """
        with self.damage(window.name):
            volume = self.volume()
            volume.open_file_object(window)
            entry = volume.get_root_directory()
            if entry is None:
                raise OSError("there is no root directory")
            root = LibyalNode(self, volume, "", entry, window.name)
            if root.kind is not NodeKind.DIRECTORY:
                raise OSError("the root is not a directory")
            return root

    @contextmanager
    def damage(self, where: str) -> Iterator[None]:
        """Turn what libyal raises on damaged bytes into our error; the rest is a bug and stays."""
        try:
            yield
        except (OSError, MemoryError, OverflowError, ValueError) as error:
            raise GuestError(
                f"{where}: the {self.name} file system is damaged", hint=self.remedy
            ) from error


class LibyalNode:
    """One inode or entry; see ``filesystem.Node``.

    Args:
        library: Whose it is.
        volume: libyal's volume. Children are asked of it by their whole path, which reads only
            directories; ``get_sub_file_entry_by_name`` of libfsext and libfsxfs of 2026 fails on
            every name.
        path: The way from the root, without symbolic links; ``""`` for the root.
        entry: libyal's file entry.
        where: The partition's name for messages.
    """

    def __init__(self, library: Library, volume: Any, path: str, entry: Any, where: str) -> None:  # noqa: ANN401
        self._library = library
        self._volume = volume
        self._path = path
        self._entry = entry
        self._where = where
        with library.damage(where):
            self.kind = library.kind(entry)
            self.size = int(entry.size or 0)

    def child(self, name: str) -> LibyalNode | None:
        """Return the entry of a directory, or ``None``."""
        if self._library.separator in name:
            return None
        path = f"{self._path}{self._library.separator}{name}"
        with self._library.damage(self._where):
            entry = self._volume.get_file_entry_by_path(path)
        if entry is None:
            return None
        return LibyalNode(self._library, self._volume, path, entry, self._where)

    def names(self, most: int) -> list[str]:
        """Return the names in a directory. Raises ``GuestError`` at more than ``most``."""
        with self._library.damage(self._where):
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
        with self._library.damage(self._where):
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
        with self._library.damage(self._where):
            return str(self._entry.symbolic_link_target or "")


def _name(entry: Any) -> str:  # noqa: ANN401
    """Return the entry's name, ``""`` if it is not UTF-8: no path that we look for leads there."""
    try:
        return entry.name or ""
    except OSError:
        return ""

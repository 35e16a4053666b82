# SPDX-License-Identifier: Apache-2.0
"""The small protocol of a guest's files, and the tree that resolves paths inside the guest.

A file system plug-in knows only nodes: a directory's child by name, a file's first bytes. Paths,
symbolic links and mount points are resolved here, once, and never leave the guest: ``..`` of the
root is the root, and a link to ``/etc`` is the guest's ``/etc``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from vmferry.errors import GuestError
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vmferry.guest.window import Window

MOST_LINKS: Final = 40
"""How many symbolic links one path may pass; the Linux kernel's own number (ELOOP)."""

LONGEST_PATH: Final = 4 * KIB
"""PATH_MAX of Linux, for paths and for the targets of links."""

MOST_STEPS: Final = 500
"""Parts of one path, those of the links on it among them. Forty links of 4 KiB have 80,000, and
libyal finds each node by all of its path: in a folder that holds itself that never ends."""

DEEPEST: Final = 100
"""Folders above one another; what a system is told by has at most ten."""


class NodeKind(StrEnum):
    """What a node is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    OTHER = "other"


class Node(Protocol):
    """One inode of a file system. Every method may raise ``GuestError``: the bytes are damaged."""

    @property
    def kind(self) -> NodeKind:
        """What it is."""

    @property
    def size(self) -> int:
        """Bytes of a file."""

    def child(self, name: str) -> Node | None:
        """Return the entry of a directory, or ``None``."""

    def names(self, most: int) -> list[str]:
        """Return the names in a directory. Raises ``GuestError`` at more than ``most``."""

    def read(self, length: int) -> bytes:
        """Return the first ``length`` bytes of a file, fewer if it is shorter."""

    def target(self) -> str:
        """Return where a symbolic link points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subvolume:
    """A tree of files of its own inside a file system, which fstab names by ``subvol=``.

    Attributes:
        number: What ``subvolid=`` says.
        path: From the file system's top, without a slash before it; ``""`` for the top itself.
        root: Its root directory.
        read_only: Whether it is a snapshot that nobody can write to.
        default: Whether a mount without options shows it; it is what ``FileSystem.open`` returns.
    """

    number: int
    path: str
    root: Node
    read_only: bool
    default: bool


def _no_subvolumes(_window: Window) -> Iterator[Subvolume]:
    return iter(())


def _always_clean(_window: Window) -> bool:
    return True


def _unknown_free(_window: Window) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """One family of file systems that can be read.

    Attributes:
        name: The module's name.
        kinds: The names that ``signatures.identify`` gives to its members.
        open: Takes the partition; returns the root directory.
        subvolumes: Takes the partition; yields its subvolumes by rising number, the top first, and
            nothing where the family has none.
        is_clean: Takes the partition; says whether its journal is empty. If it is not, the last
            seconds of writes are not seen: no journal is replayed here.
        free: Takes the partition; returns the bytes that root can still write, as of the last
            unmount, or ``None`` where that would take more than a look at the super block.
    """

    name: str
    kinds: tuple[str, ...]
    open: Callable[[Window], Node]
    subvolumes: Callable[[Window], Iterator[Subvolume]] = _no_subvolumes
    is_clean: Callable[[Window], bool] = _always_clean
    free: Callable[[Window], int | None] = _unknown_free


class Tree:
    """A guest's files by path.

    Args:
        root: The root directory.
        mounts: Directories of other file systems by their absolute path, such as ``/boot``.

    Attributes:
        root: The root directory.
    """

    def __init__(self, root: Node, mounts: Mapping[str, Node] | None = None) -> None:
        self.root = root
        self._mounts = dict(mounts or {})

    def is_file(self, path: str) -> bool:
        """Tell whether ``path`` leads to a regular file."""
        node = self._find(path)
        return node is not None and node.kind is NodeKind.FILE

    def is_dir(self, path: str) -> bool:
        """Tell whether ``path`` leads to a directory."""
        node = self._find(path)
        return node is not None and node.kind is NodeKind.DIRECTORY

    def names(self, path: str, most: int) -> list[str]:
        """Return the sorted names in a directory; empty if it is none.

        Raises:
            GuestError: There are more than ``most``.
        """
        node = self._find(path)
        if node is None or node.kind is not NodeKind.DIRECTORY:
            return []
        return sorted(node.names(most))

    def read_file(self, path: str, most: int) -> bytes:
        """Return a file's bytes.

        Raises:
            GuestError: It is not a regular file, or has more than ``most`` bytes.
        """
        node = self._find(path)
        if node is None or node.kind is not NodeKind.FILE:
            raise GuestError(f"{path}: is not a regular file")
        if node.size > most:
            raise GuestError(f"{path}: found {node.size} bytes, expected at most {most}")
        return node.read(node.size)

    def read_head(self, path: str, length: int) -> bytes:
        """Return a file's first ``length`` bytes; empty if it is no regular file."""
        node = self._find(path)
        return b"" if node is None or node.kind is not NodeKind.FILE else node.read(length)

    def exists(self, path: str) -> bool:
        """Tell whether anything is at ``path`` itself: its last part is not followed."""
        return self._walk(path, follow=False) is not None

    def link_target(self, path: str) -> str | None:
        """Return where the symbolic link at ``path`` itself points, ``None`` if it is none."""
        trail = self._walk(path, follow=False)
        if not trail or trail[-1][1].kind is not NodeKind.LINK:
            return None
        return trail[-1][1].target()

    def real_path(self, path: str, *, follow: bool = True) -> str | None:
        """Return ``path`` without links, also of what could be made there.

        Args:
            path: Absolute.
            follow: Whether a link at its end is followed; one to nowhere never is.

        Returns:
            The path, or ``None`` if what is named as a folder on the way is none.
        """
        missing: list[str] = []
        trail = self._walk(path, follow=follow)
        while trail is None:
            if missing and self.exists(path):
                return None
            path, _, name = path.rstrip("/").rpartition("/")
            missing.append(name)
            trail = self._walk(path)
        node = trail[-1][1] if trail else self.root
        if missing and (node.kind is not NodeKind.DIRECTORY or {"..", "."} & set(missing)):
            return None
        return "/" + "/".join([*(name for name, _ in trail), *reversed(missing)])

    def with_mount(self, path: str, root: Node) -> Tree:
        """Return the same files with another file system at ``path``."""
        return Tree(self.root, {**self._mounts, path: root})

    def _find(self, path: str) -> Node | None:
        trail = self._walk(path)
        if trail is None:
            return None
        return trail[-1][1] if trail else self.root

    def _walk(self, path: str, *, follow: bool = True) -> list[tuple[str, Node]] | None:
        """Return names and nodes from the root to ``path``, ``None`` if there is nothing.

        The last one may be a link only where none is to be followed there.
        """
        trail: list[tuple[str, Node]] = []
        todo = _parts(path)
        links = steps = 0
        while todo:
            name = todo.pop()
            steps += 1
            if steps > MOST_STEPS or len(trail) > DEEPEST or len(path) > LONGEST_PATH:
                return None
            if name == "..":
                trail = trail[:-1]
                continue
            here = trail[-1][1] if trail else self.root
            if here.kind is not NodeKind.DIRECTORY:
                return None
            node = self._mounted(trail, name) or here.child(name)
            if node is None:
                return None
            if node.kind is NodeKind.LINK and (follow or todo):
                links += 1
                target = node.target()
                if links > MOST_LINKS or len(target) > LONGEST_PATH:
                    return None
                trail = [] if target.startswith("/") else trail
                todo += _parts(target)
            else:
                trail.append((name, node))
        return trail

    def _mounted(self, trail: list[tuple[str, Node]], name: str) -> Node | None:
        if not self._mounts:
            return None
        return self._mounts.get("/" + "/".join([*(parent for parent, _ in trail), name]))


def _parts(path: str) -> list[str]:
    """Return the components, last one first, so that they can be popped."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]

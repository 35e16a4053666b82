# SPDX-License-Identifier: Apache-2.0
"""What is alike in libyal's file systems: damage becomes our error, bugs stay bugs."""

from __future__ import annotations

import stat
from types import SimpleNamespace
from typing import Any

import pytest

from vmferry.errors import GuestError
from vmferry.guest.filesystem import NodeKind
from vmferry.guest.filesystems._libyal import Library, LibyalNode, posix_kind
from vmferry.guest.window import Window


class Entry(SimpleNamespace):
    """A file entry of a library that does as its fields say."""

    file_mode = stat.S_IFDIR
    size: Any = 0

    def seek_offset(self, offset: int, whence: int) -> None:
        assert (offset, whence) == (0, 0)

    def read_buffer(self, length: int) -> bytes:
        return b"12345"[:length] if self.size > 5 else b""


class Volume:
    """A volume whose root is ``entry``; every path leads to it."""

    def __init__(self, entry: Entry | None) -> None:
        self.entry = entry

    def open_file_object(self, window: Window) -> None:
        assert window.name == "disk 0"

    def get_root_directory(self) -> Entry | None:
        return self.entry

    def get_file_entry_by_path(self, path: str) -> Entry | None:
        if path == "/etc/passwd":
            raise OSError("libfs_function: unable to read.")
        return self.entry if path.startswith("/etc") else None


class Nothing:
    """An empty disk."""

    size = 0

    def read_at(self, offset: int, length: int) -> bytes:
        raise NotImplementedError


def _root(entry: Entry | None) -> LibyalNode:
    library = Library(name="xyz", volume=lambda: Volume(entry), remedy="mend it")
    return library.open(Window(Nothing(), 0, 0, "disk 0"))


@pytest.mark.parametrize("entry", [None, Entry(file_mode=stat.S_IFREG)])
def test_a_volume_without_a_root_directory_is_damaged(entry: Entry | None) -> None:
    with pytest.raises(GuestError, match=r"^disk 0: the xyz file system is damaged$") as caught:
        _root(entry)
    assert caught.value.hint == "mend it"


def test_children_are_found_by_their_path() -> None:
    root = _root(Entry())
    etc = root.child("etc")
    assert etc is not None
    assert root.child("usr") is None
    assert root.child("etc/x") is None, "a name has no separator"
    with pytest.raises(GuestError, match=r"^disk 0: the xyz file system is damaged$"):
        etc.child("passwd")


def test_a_file_that_ends_early_is_short() -> None:
    assert _root(Entry(size=7)).read(6) == b"123451"
    assert _root(Entry(size=5)).read(6) == b""
    assert _root(Entry(size=None)).size == 0


def test_names_that_cannot_be_read_are_passed_over() -> None:
    class Bad:
        @property
        def name(self) -> str:
            raise OSError("no UTF-8")

    entries = [Bad(), SimpleNamespace(name="a"), SimpleNamespace(name=None)]
    entry = Entry(number_of_sub_file_entries=3, get_sub_file_entry=entries.__getitem__)
    assert _root(entry).names(3) == ["a"]
    with pytest.raises(GuestError, match="found 3 entries in a directory, expected at most 2"):
        _root(entry).names(2)


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(TypeError):
        _root(Entry(size=object()))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (stat.S_IFREG | 0o644, NodeKind.FILE),
        (stat.S_IFDIR | 0o755, NodeKind.DIRECTORY),
        (stat.S_IFLNK | 0o777, NodeKind.LINK),
        (stat.S_IFBLK, NodeKind.OTHER),
        (0, NodeKind.OTHER),
    ],
)
def test_kinds_by_mode(mode: int, kind: NodeKind) -> None:
    assert posix_kind(Entry(file_mode=mode)) is kind

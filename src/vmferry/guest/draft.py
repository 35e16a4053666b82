# SPDX-License-Identifier: Apache-2.0
"""A draft: a guest's files as the edits so far would leave them. Nothing is written here.

Fix-ups read and write by the paths that the guest's programs use; the edits carry the paths behind
every link, because the engine that writes follows none. A file that many fix-ups change is one edit
with many reasons, and a file that ends as it was is none.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.model.fixup import Action, Edit, Reason, decode, encode
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

LONGEST: Final = MIB
"""Of a text that is edited; the longest configuration files have some ten KiB."""

LONGEST_APPENDED: Final = 128 * MIB
"""Of a file that is appended to, an initramfs: its digest is taken of all of it."""

LONG: Final = 4 * MIB
"""Of a file that is read once: longer than any but an initramfs."""

MOST_NAMES: Final = 10_000
MOST_NOTES: Final = 100
MOST_EDITS: Final = 1_000

MARK: Final = "before-vmferry"
"""Ends the names of kept originals. They begin with a dot: what reads all files of a folder
(``source interfaces.d/*``, NetworkManager's keyfiles, ``ifcfg-*``) leaves those out."""


def kept(path: str) -> str:
    """Return where the first original of the file at ``path`` is kept."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/.{name}.{MARK}"


@dataclass(frozen=True, slots=True)
class _State:
    """What is at a path: a file's bytes and what is appended to them, a link's target, or nothing.

    They are apart because an initramfs is large, and memory in the inspecting process is not.
    """

    data: bytes | None = None
    target: str | None = None
    added: bytes = b""

    @property
    def is_nothing(self) -> bool:
        return self.data is None and self.target is None


def _text(state: _State) -> str | None:
    return state.target if state.data is None else decode(state.data)


@dataclass(frozen=True, slots=True)
class _Change:
    before: _State
    after: _State
    reasons: tuple[Reason, ...]
    mode: int


class Draft:
    """A guest's files, and what will be in them.

    Args:
        tree: The guest's files.

    Attributes:
        notes: What should be mended and cannot be, in words.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.notes: list[str] = []
        self._changes: dict[str, _Change] = {}
        self._fixup = ""
        self._kept: dict[str, _Change] = {}
        self._last: tuple[str, bytes] = ("", b"")

    def begin(self, fixup: str) -> None:
        """Name the fix-up whose edits follow."""
        self._fixup = fixup
        self._kept = dict(self._changes)

    def undo(self) -> None:
        """Forget the edits since ``begin``: half a fix-up is none."""
        self._changes = self._kept

    def note(self, sentence: str) -> None:
        """Say what should be mended and cannot be."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(f"{self._fixup}: {sentence}")

    def data(self, path: str, most: int = LONGEST) -> bytes | None:
        """Return a file's bytes, ``None`` if there is no regular file.

        Raises:
            GuestError: It has more than ``most`` bytes, or is damaged.
        """
        real = self.tree.real_path(path)
        if real is not None and real in self._changes:
            after = self._changes[real].after
            return after.data if after.data is None else after.data + after.added
        return None if real is None else self._file(real, most)

    def text(self, path: str) -> str | None:
        """Return a file's text as ``decode`` has it, ``None`` if there is no regular file."""
        data = self.data(path)
        return None if data is None else decode(data)

    def target(self, path: str) -> str | None:
        """Return where the symbolic link at ``path`` itself points, ``None`` if it is none."""
        real = self.tree.real_path(path, follow=False)
        if real is None:
            return None
        if real in self._changes:
            return self._changes[real].after.target
        return self.tree.link_target(real)

    def exists(self, path: str) -> bool:
        """Tell whether anything is at ``path``: a file, a folder, or a link to whatever."""
        real = self.tree.real_path(path, follow=False)
        if real is not None and real in self._changes:
            return not self._changes[real].after.is_nothing
        return real is not None and self.tree.exists(real)

    def names(self, folder: str) -> list[str]:
        """Return the sorted names in a folder, as the edits leave it.

        Raises:
            GuestError: There are more than any guest has.
        """
        found = set(self.tree.names(folder, MOST_NAMES))
        real = self.tree.real_path(folder) or folder
        for path, change in self._changes.items():
            parent, _, name = path.rpartition("/")
            if parent == real.rstrip("/"):
                (found.discard if change.after.is_nothing else found.add)(name)
        return sorted(found)

    def write(self, path: str, text: str | bytes, why: str, *, mode: int = 0o644) -> None:
        """Give a file, that there may be or not, these bytes.

        Args:
            path: Links are followed.
            text: As ``decode`` has it, or bytes.
            why: In words, for people: what was wrong.
            mode: Of a file that is made.

        Raises:
            GuestError: No file can be there, for example because a link leads nowhere.
        """
        data = text if isinstance(text, bytes) else encode(text)
        real = self._real(path)
        self._change(real, _State(data=data), why, mode)

    def append(self, path: str, data: bytes, why: str) -> None:
        """Add bytes at the end of a file that is there; once for each file.

        Raises:
            GuestError: There is no such file, or it is larger than any initramfs.
        """
        real = self._real(path)
        before = self._file(real)
        if before is None:
            raise GuestError(f"{path}: is not there")
        self._change(real, _State(data=before, added=data), why, 0)

    def remove(self, path: str, why: str) -> None:
        """Take a file or link away; the original stays under another name."""
        real = self.tree.real_path(path, follow=False)
        if real is not None and self.exists(real):
            self._change(real, _State(), why, 0)

    def link(self, path: str, target: str, why: str) -> None:
        """Make a symbolic link, instead of the file or link that may be there."""
        real = self.tree.real_path(path, follow=False)
        if real is None:
            raise GuestError(f"{path}: a link is wanted where no folder can be")
        self._change(real, _State(target=target), why, 0)

    def _real(self, path: str) -> str:
        real = self.tree.real_path(path)
        if real is None or self.tree.link_target(real) is not None or self.tree.is_dir(real):
            raise GuestError(f"{path}: found a link to nowhere or a folder, expected a file")
        return real

    def _change(self, real: str, after: _State, why: str, mode: int) -> None:
        if len(self._changes) >= MOST_EDITS:
            raise GuestError(f"{real}: more than {MOST_EDITS} files would be edited")
        known = self._changes.get(real)
        before = known.before if known else self._before(real)
        current = known.after if known else before
        if current == after:
            return
        reasons = (*(known.reasons if known else ()), Reason(fixup=self._fixup, why=why))
        if known and known.after.added and not after.added:
            raise GuestError(f"{real}: was appended to and would be written")
        self._changes[real] = _Change(before, after, reasons, known.mode if known else mode)

    def _before(self, real: str) -> _State:
        target = self.tree.link_target(real)
        if target is not None:
            return _State(target=target)
        return _State(data=self._file(real))

    def _file(self, real: str, most: int = LONGEST_APPENDED) -> bytes | None:
        """Return a file's bytes; those of the last long one stay, as it is edited as well."""
        path, data = self._last
        if path != real or len(data) > most:
            if not self.tree.is_file(real):
                return None
            data = self.tree.read_file(real, most)
            if len(data) > LONG:
                self._last = (real, data)
        return data

    def edits(self) -> tuple[Edit, ...]:
        """Return every change, by path."""
        changed = sorted(
            (path, change)
            for path, change in self._changes.items()
            if change.before != change.after
        )
        return tuple(self._edit(path, change) for path, change in changed)

    def _edit(self, path: str, change: _Change) -> Edit:
        before, after = change.before, change.after
        edit = Edit(
            path=path,
            action=Action.REMOVE,
            reasons=change.reasons,
            backup="" if before.is_nothing else self._backup(path),
            before="" if after.added else _text(before),
            size=len(before.data or b""),
            digest="" if before.data is None else hashlib.sha256(before.data).hexdigest(),
            mode=change.mode,
        )
        if after.added:
            added = base64.b64encode(after.added).decode("ascii")
            return replace(edit, action=Action.APPEND, after=added)
        if after.target is not None:
            return replace(edit, action=Action.LINK, after=after.target)
        if after.data is not None:
            return replace(edit, action=Action.WRITE, after=decode(after.data))
        return edit

    def _backup(self, path: str) -> str:
        first = backup = kept(path)
        number = 1
        while self.tree.exists(backup):
            number += 1
            backup = f"{first}.{number}"
        return backup.rpartition("/")[2]

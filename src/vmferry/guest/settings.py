# SPDX-License-Identifier: Apache-2.0
"""The small text files that a guest is configured by, read so that none of them can refuse it.

What is missing is empty. What is damaged, too long or too much is empty as well and becomes a
sentence in ``damage``, which the report shows: no configuration file is worth an import.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

LONGEST: Final = 64 * KIB
"""Of one file. The longest that distributions ship, a commented sshd_config, has 10 KiB."""

MOST_BYTES: Final = 2 * MIB
"""Of all files together, so that many long ones cannot take the time of the look."""

CPU_S: Final = 3
"""Of all looks together, a third of what the process may take: a Debian 12 needs 0.03 s, a folder
of a thousand names or a home a hundred folders deep makes each look a thousand times dearer."""

MOST_NAMES: Final = 1000
"""In a folder of configuration files; /etc/rc3.d of a full server has a hundred."""

MOST_SENTENCES: Final = 20
LONGEST_SENTENCE: Final = 300


class Settings:
    """A guest's configuration files.

    Args:
        tree: The guest's files.

    Attributes:
        damage: What could not be read, in words.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._left = MOST_BYTES
        self._end = time.process_time() + CPU_S
        self.damage: list[str] = []

    def text(self, path: str, most: int = LONGEST) -> str:
        """Return a file's text, ``""`` if there is none of at most ``most`` bytes."""
        if self._is_over():
            return ""
        try:
            if not self._tree.is_file(path):
                return ""
            if self._left <= 0:
                self.complain(f"settings: not all are told, for {MOST_BYTES} bytes were read")
                return ""
            data = self._tree.read_file(path, most)
        except GuestError as error:
            self.complain(error.message)
            return ""
        self._left -= len(data)
        return data.decode("utf-8", "replace")

    def names(self, folder: str) -> list[str]:
        """Return the sorted names in a folder, none if there is none of at most ``MOST_NAMES``."""
        if self._is_over():
            return []
        try:
            return self._tree.names(folder, MOST_NAMES)
        except GuestError as error:
            self.complain(error.message if folder in error.message else f"{folder}: {error}")
            return []

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` leads to a regular file."""
        if self._is_over():
            return False
        try:
            return self._tree.is_file(path)
        except GuestError as error:
            self.complain(error.message)
            return False

    def target(self, path: str) -> str:
        """Return the file that the link at ``path`` leads to; ``path`` if that is no link."""
        if self._is_over():
            return path
        try:
            linked = self._tree.link_target(path) is not None
            return (self._tree.real_path(path) or path) if linked else path
        except GuestError as error:
            self.complain(error.message)
            return path

    def _is_over(self) -> bool:
        if time.process_time() < self._end:
            return False
        self.complain(f"settings: not all are told, for {CPU_S} s of processor time were over")
        return True

    def complain(self, sentence: str) -> None:
        """Add a sentence to ``damage``, once, and none after ``MOST_SENTENCES``."""
        sentence = sentence[:LONGEST_SENTENCE]
        if sentence not in self.damage and len(self.damage) < MOST_SENTENCES:
            self.damage.append(sentence)

# SPDX-License-Identifier: Apache-2.0
"""A file that is read from its beginning, no further than needed.

A file system plug-in gives a file's first bytes only. They are asked for in steps, each four times
the one before: what lies near the beginning costs little, and the whole at most a third more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

STEPS: Final = (64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 40 * MIB)
"""The last is the most of any initramfs: Debian's with every module has 36 MB."""


class TooLongError(FormatError):
    """What is wanted lies behind what is read of any file: not damage, but not known."""


class Prefix:
    """The first bytes of a file.

    Args:
        tree: The guest's files.
        path: The file.
    """

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree = tree
        self._path = path
        self._steps = iter(STEPS)
        self._data = b""
        self._ended = False

    def get(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``, fewer at the file's end.

        Raises:
            TooLongError: They lie behind what is read of any file.
            GuestError: The file system is damaged.
        """
        while len(self._data) < offset + length and not self._ended:
            step = next(self._steps, None)
            if step is None:
                raise TooLongError(
                    "initramfs", found=f"more than {STEPS[-1]} bytes to read for its drivers"
                )
            self._data = b""
            self._data = self._tree.read_head(self._path, step)
            self._ended = len(self._data) < step
        return self._data[offset : offset + length]


class Whole(Prefix):
    """A file whose bytes are at hand.

    Args:
        data: They.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def get(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``, fewer at the file's end."""
        return self._data[offset : offset + length]

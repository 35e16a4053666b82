# SPDX-License-Identifier: Apache-2.0
"""What an initramfs has once its kernel has unpacked all of its archives into one root."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from vmferry.guest.initramfs.archives import Archives

if TYPE_CHECKING:
    from vmferry.guest.initramfs.prefix import Prefix

INIT: Final = "init"
MOST_LINKS: Final = 40


class Contents:
    """The files of an initramfs.

    Args:
        file: The whole of it.

    Attributes:
        compression: Of its last archive that is compressed, ``""`` if none is.
        init: The program ``/init``, if it is as short as a script.

    Raises:
        FormatError: It is damaged, or too long.
    """

    def __init__(self, file: Prefix) -> None:
        archives = Archives(file)
        self._modes: dict[str, int] = {}
        self._links: dict[str, str] = {}
        self.init = b""
        for entry in archives.entries(INIT):
            self._modes[entry.name] = entry.mode
            self._links.pop(entry.name, None)
            if entry.is_link:
                self._links[entry.name] = entry.content.decode("utf-8", "replace")
            if entry.name == INIT:
                self.init = entry.content
        self.compression = next(filter(None, reversed(archives.compressions)), "")

    def names(self) -> list[str]:
        """Return the paths, without a slash before them."""
        return list(self._modes)

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is at ``path`` itself."""
        return stat.S_ISDIR(self._modes.get(path, 0))

    def exists(self, path: str) -> bool:
        """Tell whether anything is at ``path`` itself."""
        return path in self._modes

    def real(self, path: str) -> str:
        """Return ``path`` with the links on the way followed, also of what is not there."""
        done: list[str] = []
        todo = path.split("/")[::-1]
        links = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = done[:-1]
                continue
            target = self._links.get("/".join([*done, part]))
            if target is None or links >= MOST_LINKS:
                done.append(part)
                continue
            links += 1
            done = [] if target.startswith("/") else done
            todo += target.split("/")[::-1]
        return "/".join(done)

    def missing_folders(self, path: str) -> list[str]:
        """Return the folders above ``path`` that are not there, the upper ones first."""
        parts = path.split("/")
        above = ("/".join(parts[:end]) for end in range(1, len(parts)))
        return [folder for folder in above if not self.exists(folder)]

# SPDX-License-Identifier: Apache-2.0
"""A range of a disk as the file object that libyal reads, with the last pages kept.

libyal asks for many small pieces (a superblock, a group descriptor, an inode). Reading whole pages
once makes one request of many, and each request is a turn over a socket to the parent process.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from typing import Final, Protocol

from vmferry.errors import GuestError
from vmferry.units import KIB

PAGE: Final = 16 * KIB
MOST_PAGES: Final = 1024


class Readable(Protocol):
    """What a window looks at: the part of ``model.disk.Disk`` that inspection needs."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""


class Pages:
    """A disk read in pages of which the last used ones are kept; counts what it really reads."""

    def __init__(self, disk: Readable) -> None:
        self._disk = disk
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self.bytes_read = 0

    @property
    def size(self) -> int:
        """The disk's size in bytes."""
        return self._disk.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; the range must lie inside the disk."""
        first, last = offset // PAGE, (offset + length - 1) // PAGE
        data = b"".join(self._page(number) for number in range(first, last + 1))
        start = offset - first * PAGE
        return data[start : start + length]

    def _page(self, number: int) -> bytes:
        page = self._kept.get(number)
        if page is None:
            offset = number * PAGE
            page = self._disk.read_at(offset, min(PAGE, self.size - offset))
            self.bytes_read += len(page)
            self._kept[number] = page
            if len(self._kept) > MOST_PAGES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(number)
        return page


class Window:
    """A file object over ``size`` bytes of ``pages`` from ``offset``.

    Raises:
        GuestError: The range does not lie inside the disk.
    """

    def __init__(self, pages: Readable, offset: int, size: int, name: str) -> None:
        if offset < 0 or size < 0 or offset + size > pages.size:
            raise GuestError(
                f"{name}: ends at byte {offset + size}, expected at most the disk's {pages.size}",
                hint="The disk is cut off: export it again",
                aws_text="ClientError: No valid partitions. Not a valid volume.",
            )
        self._pages = pages
        self._offset = offset
        self._position = 0
        self.size = size
        self.name = name

    def peek(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``; fewer at the end."""
        length = max(0, min(length, self.size - offset))
        return self._pages.read_at(self._offset + offset, length) if length else b""

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes from the position, as files do."""
        data = self.peek(self._position, self.size if size < 0 else size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position, as files do."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def get_size(self) -> int:
        """Return the size, as libyal asks for it."""
        return self.size

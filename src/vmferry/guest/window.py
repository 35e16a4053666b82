# SPDX-License-Identifier: Apache-2.0
"""Bytes read in pages of which the last used are kept, and a range of them as libyal's file object.

libyal asks for many small pieces (a superblock, a group descriptor, an inode). Reading whole pages
once makes one request of many: each is a turn over a socket to the parent process, and there
perhaps one to a bucket.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from itertools import count, groupby, islice
from typing import TYPE_CHECKING, Final, Protocol

from vmferry.errors import GuestError
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = 64 * KIB
"""A grain of a VMDK, a cluster of a QCOW2. Measured on the OVA of a Debian guest in a bucket: 38
requests of 3 MB in all; pages of 16 KiB make 57 of 1.7 MB, pages of 256 KiB 26 of 7 MB."""

MOST_PAGES: Final = 256
MOST_AT_ONCE: Final = MIB
"""An initramfs of 40 MB that is read to its end takes 143 requests, and 688 of one page each."""


class Readable(Protocol):
    """What a window looks at: the part of ``model.disk.Disk`` that inspection needs."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""


class Shelf:
    """The pages that were used last, of all who keep theirs here: memory has one bound.

    Args:
        most: Pages that are kept.
    """

    def __init__(self, most: int = MOST_PAGES) -> None:
        self._most = most
        self._pages: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._owners = count()

    def owner(self) -> int:
        """Return a number that nobody else has here."""
        return next(self._owners)

    def get(self, owner: int, number: int) -> bytes | None:
        """Return a page, ``None`` if it is not kept."""
        page = self._pages.get((owner, number))
        if page is not None:
            self._pages.move_to_end((owner, number))
        return page

    def put(self, owner: int, number: int, page: bytes) -> None:
        """Keep a page, and put out the one that was used longest ago."""
        self._pages[owner, number] = page
        if len(self._pages) > self._most:
            self._pages.popitem(last=False)


class Pages:
    """Bytes read in pages of which the last used ones are kept; counts what it really reads.

    Args:
        source: What is read.
        shelf: Where pages are kept; its own by default.
    """

    def __init__(self, source: Readable, shelf: Shelf | None = None) -> None:
        self._source = source
        self._shelf = shelf or Shelf()
        self._owner = self._shelf.owner()
        self._next, self._ahead = -1, 1
        self.bytes_read = 0

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._source.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; the range must lie inside."""
        first, end = offset // PAGE, -(-(offset + length) // PAGE)
        pages = b"".join(self._pages(range(first, end)))
        start = offset - first * PAGE
        return pages[start : start + length]

    def _pages(self, wanted: range) -> Iterator[bytes]:
        # Looked up before anything is read: what comes in may put out what is still wanted.
        known = [(number, self._shelf.get(self._owner, number)) for number in wanted]
        for missing, run in groupby(known, key=lambda each: each[1] is None):
            if missing:
                numbers = [number for number, _ in run]
                yield from islice(self._fetched(numbers[0], numbers[-1] + 1), len(numbers))
            else:
                yield from (page for _, page in run if page)

    def _fetched(self, first: int, last: int) -> Iterator[bytes]:
        """Read the pages from ``first`` to before ``last``, and ahead where a file is read on."""
        self._ahead = min(2 * self._ahead, MOST_AT_ONCE // PAGE) if first == self._next else 1
        most = max(first + self._ahead, last)
        while last < most and self._shelf.get(self._owner, last) is None:
            last += 1
        self._next = last
        offset, end = first * PAGE, min(last * PAGE, self.size)
        pages = []
        for start in range(offset, end, MOST_AT_ONCE):
            data = self._source.read_at(start, min(MOST_AT_ONCE, end - start))
            self.bytes_read += len(data)
            for at in range(0, len(data), PAGE):
                page = data[at : at + PAGE]
                self._shelf.put(self._owner, (start + at) // PAGE, page)
                pages.append(page)
        return iter(pages)


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

# SPDX-License-Identifier: Apache-2.0
"""A file as it will be once its log was replayed; the file itself is never changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from vmferry.model.bytes import check_inside

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource


class Overlay:
    """A source with patches over it.

    Patches are laid in whole pages of the log (4 KiB) in the order of the log; a later one hides
    what is below.

    Args:
        source: The file.
        size: Its size after the replay; what the file does not have reads as zeros.
    """

    def __init__(self, source: ByteSource, size: int) -> None:
        self._source = source
        self.name = source.name
        self.size = max(size, source.size)
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._pages: list[bytes | None] = []

    def patch(self, offset: int, length: int, page: bytes | None) -> None:
        """Lay ``page``, or ``length`` bytes of zeros, over the file."""
        end = offset + length
        first, last = bisect_right(self._ends, offset), bisect_left(self._starts, end)
        starts, ends, pages = [offset], [end], [page]
        if first < last and self._starts[first] < offset:  # only zeros are longer than a page
            starts, ends, pages = [self._starts[first], *starts], [offset, *ends], [None, *pages]
        if first < last and self._ends[last - 1] > end:
            starts, ends, pages = [*starts, end], [*ends, self._ends[last - 1]], [*pages, None]
        self._starts[first:last] = starts
        self._ends[first:last] = ends
        self._pages[first:last] = pages

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""
        check_inside(self, offset, length)
        end = offset + length
        stored = max(min(end, self._source.size) - offset, 0)
        data = self._source.read_at(offset, stored) if stored else b""
        first, last = bisect_right(self._ends, offset), bisect_left(self._starts, end)
        if first >= last:
            return data.ljust(length, b"\0")
        out = bytearray(data.ljust(length, b"\0"))
        for number in range(first, last):
            start, page = self._starts[number], self._pages[number]
            begin, stop = max(start, offset), min(self._ends[number], end)
            out[begin - offset : stop - offset] = (
                bytes(stop - begin) if page is None else page[begin - start : stop - start]
            )
        return bytes(out)

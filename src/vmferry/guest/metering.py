# SPDX-License-Identifier: Apache-2.0
"""How much of a source a check has read: the figure of the report is measured, not estimated.

Detection, the appliance's reader, the format's and the look each ask for the same bytes again, so
what was read is kept: nothing is read twice, and of a bucket's object, which costs milliseconds a
request, nothing in small pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.window import Pages

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

MOST_PAGES: Final = 640
"""Kept of each source, 40 MiB: as much as is read of an initramfs, in steps from its beginning."""


class Meter:
    """Counts what is read of the sources that it lends out."""

    def __init__(self) -> None:
        self._lent: list[_Measured] = []

    @property
    def bytes_read(self) -> int:
        """Bytes that were read of all sources."""
        return sum(source.pages.bytes_read for source in self._lent)

    @property
    def bytes_total(self) -> int:
        """Bytes of all sources."""
        return sum(source.size for source in self._lent)

    def measured(self, source: ByteSource) -> ByteSource:
        """Return ``source``, counted from here on and read once; for one thread."""
        self._lent.append(measured := _Measured(source))
        return measured


class _Measured:
    """A source in pages."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.pages = Pages(source, MOST_PAGES)
        self.name = source.name
        self.size = source.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises ``SourceError``."""
        if not 0 <= offset <= offset + length <= self.size:
            return self._source.read_at(offset, length)  # which refuses, in its own words
        return self.pages.read_at(offset, length)

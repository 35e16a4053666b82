# SPDX-License-Identifier: Apache-2.0
"""How much of a source a check has read: the figure of the report is measured, not estimated.

Detection, the appliance's reader, the format's and the look each ask for the same bytes again, so
what was read is kept: nothing is read twice, and of a bucket's object, which costs milliseconds a
request, nothing in small pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.window import Pages, Shelf

if TYPE_CHECKING:
    from vmferry.guest.window import Readable
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk

MOST_PAGES: Final = 640
"""Kept of all sources, 40 MiB: as much as is read of an initramfs, in steps from its beginning."""


class Meter:
    """Counts what is read of the sources and disks that it lends out; each is for one thread."""

    def __init__(self) -> None:
        self._lent: list[_Measured] = []
        self._shelf = Shelf(MOST_PAGES)

    @property
    def bytes_read(self) -> int:
        """Bytes that were read of all."""
        return sum(each.pages.bytes_read for each in self._lent)

    @property
    def bytes_total(self) -> int:
        """Bytes of all."""
        return sum(each.size for each in self._lent)

    def measured(self, source: ByteSource) -> ByteSource:
        """Return ``source``, counted from here on and read once."""
        self._lent.append(measured := _MeasuredSource(source, self._shelf))
        return measured

    def measured_disk(self, disk: Disk) -> Disk:
        """Return a disk that no one object holds, such as a snapshot; its own bytes are counted."""
        self._lent.append(measured := _MeasuredDisk(disk, self._shelf))
        return measured


class _Measured:
    """Anything in pages."""

    def __init__(self, whole: Readable, shelf: Shelf) -> None:
        self._whole = whole
        self.pages = Pages(whole, shelf)
        self.size = whole.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises what the whole raises."""
        if not 0 <= offset <= offset + length <= self.size:
            return self._whole.read_at(offset, length)  # which refuses, in its own words
        return self.pages.read_at(offset, length)


class _MeasuredSource(_Measured):
    def __init__(self, source: ByteSource, shelf: Shelf) -> None:
        super().__init__(source, shelf)
        self.name = source.name


class _MeasuredDisk(_Measured):
    def __init__(self, disk: Disk, shelf: Shelf) -> None:
        super().__init__(disk, shelf)
        self.extents = disk.extents

# SPDX-License-Identifier: Apache-2.0
"""How much of a source a check has read: the figure of the report is measured, not estimated.

Detection, the appliance's reader, the format's and the look each ask for the same bytes again, so
what was read is kept: nothing is read twice, and of a bucket's object, which costs milliseconds a
request, nothing in small pieces.

Everything that takes long reads: a compressed disk is inflated whole to find its size, a bucket may
be slow. So it is here that a check which somebody waits for is ended.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from vmferry.errors import SourceError
from vmferry.guest.window import Pages, Shelf

if TYPE_CHECKING:
    from vmferry.guest.window import Readable
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk

MOST_PAGES: Final = 768
"""Kept of all sources, 48 MiB: an initramfs is read in steps from its beginning, up to 40 MiB."""


class Meter:
    """Counts what is read of the sources and disks that it lends out; each is for one thread.

    Args:
        patience_s: Seconds from now on in which they can be read.
    """

    def __init__(self, patience_s: float = math.inf) -> None:
        self._shelf = Shelf(MOST_PAGES)
        self._patience = _Patience(patience_s)
        self._lent: list[_Measured] = []

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._patience.passed_s

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
        self._lent.append(measured := _MeasuredSource(source, self._shelf, self._patience))
        return measured

    def measured_disk(self, disk: Disk) -> Disk:
        """Return a disk that no one object holds, such as a snapshot; its own bytes are counted."""
        self._lent.append(measured := _MeasuredDisk(disk, self._shelf, self._patience))
        return measured


class _Patience:
    """How long all of it may take."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self._seconds = seconds

    @property
    def passed_s(self) -> float:
        return time.monotonic() - self._began

    def check(self) -> None:
        if self.passed_s > self._seconds:
            raise SourceError(
                f"check: found no end in {self._seconds:g} s",
                hint="A compressed disk must be inflated whole to be looked at. Start the import: "
                "it looks before it copies, for as long as that takes",
                aws_text="ClientError",
            )


class _Measured:
    """Anything in pages."""

    def __init__(self, whole: Readable, shelf: Shelf, patience: _Patience) -> None:
        self._whole = whole
        self._patience = patience
        self.pages = Pages(whole, shelf)
        self.size = whole.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises what the whole raises."""
        self._patience.check()
        if not 0 <= offset <= offset + length <= self.size:
            return self._whole.read_at(offset, length)  # which refuses, in its own words
        return self.pages.read_at(offset, length)


class _MeasuredSource(_Measured):
    def __init__(self, source: ByteSource, shelf: Shelf, patience: _Patience) -> None:
        super().__init__(source, shelf, patience)
        self.name = source.name


class _MeasuredDisk(_Measured):
    def __init__(self, disk: Disk, shelf: Shelf, patience: _Patience) -> None:
        super().__init__(disk, shelf, patience)
        self.extents = disk.extents

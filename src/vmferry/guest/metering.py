# SPDX-License-Identifier: Apache-2.0
"""How much of a source a check has read: the figure of the report is measured, not estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource


class Meter:
    """Counts what is read of the sources that it lends out."""

    def __init__(self) -> None:
        self.bytes_read = 0
        self.bytes_total = 0

    def measured(self, source: ByteSource) -> ByteSource:
        """Return ``source``, counted from here on."""
        self.bytes_total += source.size
        return _Measured(source, self)


class _Measured:
    """A source whose reads are counted; a range that is read twice counts twice."""

    def __init__(self, source: ByteSource, meter: Meter) -> None:
        self._source = source
        self._meter = meter
        self.name = source.name
        self.size = source.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises ``SourceError``."""
        data = self._source.read_at(offset, length)
        self._meter.bytes_read += len(data)
        return data

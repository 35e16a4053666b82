# SPDX-License-Identifier: Apache-2.0
"""Reads a fixed or dynamic VHDX at random, as it is once its log was replayed.

Source: [MS-VHDX] 2.1 "Layout" and 2.5 "BAT".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmferry.formats._extents import joined
from vmferry.formats.vhdx.header import read_header
from vmferry.formats.vhdx.log import replay
from vmferry.formats.vhdx.metadata import read_metadata
from vmferry.formats.vhdx.refusal import damaged
from vmferry.formats.vhdx.regions import read_regions
from vmferry.formats.vhdx.table import BlockTable
from vmferry.model.disk import Extent, ExtentKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.formats.vhdx.metadata import Metadata
    from vmferry.model.bytes import ByteSource


class Layout(NamedTuple):
    """What there is to know before the first block is read.

    Attributes:
        source: The file, its log replayed.
        metadata: Sizes and identity.
        table: The block allocation table.
        warnings: What the owner should know though the disk can be read.
    """

    source: ByteSource
    metadata: Metadata
    table: BlockTable
    warnings: tuple[str, ...]


def read_layout(source: ByteSource) -> Layout:
    """Return the layout of a VHDX that can be read.

    Raises:
        FormatError: It is differencing, damaged, or asks for what is not known.
    """
    header = read_header(source)
    replayed = replay(source, header)
    regions = read_regions(replayed, header)
    metadata = read_metadata(replayed, regions.metadata)
    table = BlockTable(replayed, regions, metadata)
    dirty = "vhdx: the log was replayed in memory: the disk was open when it was copied"
    warnings = (*([dirty] if replayed is not source else []), *regions.warnings)
    return Layout(replayed, metadata, table, warnings)


def check_layout(source: ByteSource) -> None:
    """Refuse a differencing disk, a damaged log, and metadata that contradicts itself."""
    read_layout(source)


class VhdxReader:
    """A VHDX without a parent.

    Args:
        source: The file.

    Raises:
        FormatError: It is differencing or damaged.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source, self.metadata, self._table, self.warnings = read_layout(source)
        self._block = self.metadata.block_size

    @property
    def size(self) -> int:
        """The virtual size in bytes."""
        return self.metadata.size

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of, block by block as the table says."""
        length = self.size - offset if length is None else length
        self._check_range(offset, length)
        yield from joined(self._runs(offset, offset + length))

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes; blocks side by side in the file are one read."""
        self._check_range(offset, length)
        spans: list[tuple[int | None, int]] = []
        at, end = offset, offset + length
        while at < end:
            block, skip = divmod(at, self._block)
            count = min(self._block - skip, end - at)
            start = self._table.place(block)
            place = None if start is None else start + skip
            before, run = spans[-1] if spans else (None, 0)
            if run and place == (None if before is None else before + run):
                spans[-1] = (before, run + count)
            else:
                spans.append((place, count))
            at += count
        pieces = [
            bytes(run) if place is None else self._source.read_at(place, run)
            for place, run in spans
        ]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check_range(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            found = f"{offset} + {length} bytes"
            raise damaged("range", found=found, expected=f"inside {self.size} bytes")

    def _runs(self, offset: int, end: int) -> Iterator[tuple[int, int, ExtentKind]]:
        """Yield start, end and kind of runs of blocks, one page of the table at a time."""
        step = self._table.page_blocks * self._block
        at = offset
        while at < end:
            index, skip = divmod(at, step)
            stop = min((index + 1) * step, end)
            page = self._table.page(index)
            if page is None:
                yield at, stop, ExtentKind.ZERO
            else:
                first, last = skip // self._block, -(-(stop - index * step) // self._block)
                yield from self._page_runs(page.stored, first, last, (at, stop))
            at = stop

    def _page_runs(
        self, stored: bytes, first: int, last: int, limits: tuple[int, int]
    ) -> Iterator[tuple[int, int, ExtentKind]]:
        offset, end = limits
        base = offset - offset % self._block - first * self._block
        while first < last:
            kind = stored[first]
            after = stored.find(1 - kind, first, last)
            after = last if after < 0 else after
            start, stop = base + first * self._block, base + after * self._block
            yield (
                max(start, offset),
                min(stop, end),
                ExtentKind.DATA if kind else ExtentKind.ZERO,
            )
            first = after

# SPDX-License-Identifier: Apache-2.0
"""A snapshot as a ``Disk``: blocks found by the map, decoded, digests checked on every read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import zstandard

from vmferry.blocks.location import PLAIN, ZERO_BLOCK, Location, segment_key
from vmferry.blocks.map import PAGE_BLOCKS, PAGE_SPAN, BlockMap, map_key
from vmferry.errors import IntegrityError, SourceError
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.bytes import ByteSource, ByteStore

SPAN: Final = 4 * MIB
"""Stored bytes read at once when neighbouring blocks lie side by side in a segment."""

OPEN_SEGMENTS: Final = 32
"""Segments kept open; a snapshot without sharing walks through them one after the other."""


UNKNOWN: Final = -1
"""What ``frame_content_size`` says of a frame that does not give it."""


class SnapshotDisk:
    """See ``model.disk.Disk``.

    Args:
        store: The block store.
        map_id: The snapshot's map.

    Attributes:
        size: Bytes of the disk.
        present: How many blocks are stored.
    """

    def __init__(self, store: ByteStore, map_id: str) -> None:
        self._store = store
        try:
            self._map = BlockMap(store.open(map_key(map_id)))
        except SourceError as error:
            raise IntegrityError(f"block map: {error.message}") from error
        self.size = self._map.size
        self.present = self._map.present
        self._open: dict[bytes, ByteSource] = {}
        self._decode = zstandard.ZstdDecompressor()
        self._last: tuple[int, bytes] = (-1, b"")

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of; neighbours differ in kind."""
        end = self.size if length is None else offset + length
        self._check(offset, end - offset)
        start, kind = offset, None
        for position, now in self._kinds(offset, end):
            if now is not kind:
                if kind is not None and position > start:
                    yield Extent(start, position - start, kind)
                start, kind = position, now
        if kind is not None and end > start:
            yield Extent(start, end - start, kind)

    def _kinds(self, offset: int, end: int) -> Iterator[tuple[int, ExtentKind]]:
        position = offset
        while position < end:
            number = position // BLOCK
            if self._map.has_page(number // PAGE_BLOCKS):
                absent = self._map.location(number).absent
                yield position, ExtentKind.ZERO if absent else ExtentKind.DATA
                position = (number + 1) * BLOCK
            else:
                yield position, ExtentKind.ZERO
                position = (number // PAGE_BLOCKS + 1) * PAGE_SPAN

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes; raises ``IntegrityError`` for a damaged block."""
        self._check(offset, length)
        first, last = offset // BLOCK, -(-(offset + length) // BLOCK)
        if last - first == 1 and self._last[0] == first:
            data = self._last[1]
        else:
            blocks = self._blocks(first, last)
            if blocks:
                self._last = (last - 1, blocks[-1])
            data = blocks[0] if len(blocks) == 1 else b"".join(blocks)
        start = offset - first * BLOCK
        return data if start == 0 and length == len(data) else data[start : start + length]

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(
                f"snapshot: {length} bytes at byte {offset} are wanted, it has {self.size} bytes"
            )

    def _blocks(self, first: int, last: int) -> list[bytes]:
        """Return the blocks ``first`` … ``last - 1``; neighbours in a segment are read together."""
        wanted = [self._map.location(number) for number in range(first, last)]
        out: list[bytes] = []
        at = 0
        while at < len(wanted):
            if wanted[at].absent:
                out.append(ZERO_BLOCK)
                at += 1
                continue
            run = _run(wanted, at)
            start = wanted[at].offset
            stored = self._read(wanted[at].segment, start, sum(item.length for item in run))
            for number, item in enumerate(run, first + at):
                data = stored[item.offset - start : item.offset - start + item.length]
                out.append(self._block(number, item, data))
            at += len(run)
        return out

    def _read(self, segment: bytes, offset: int, length: int) -> bytes:
        source = self._open.get(segment)
        try:
            if source is None:
                if len(self._open) >= OPEN_SEGMENTS:
                    self._open.pop(next(iter(self._open)))
                source = self._open[segment] = self._store.open(segment_key(segment))
            return source.read_at(offset, length)
        except SourceError as error:
            raise IntegrityError(f"segment {segment.hex()}: {error.message}") from error

    def _block(self, number: int, location: Location, stored: bytes) -> bytes:
        block = stored
        if location.coding != PLAIN:
            try:
                block = self._decoded(stored)
            except zstandard.ZstdError as error:
                raise IntegrityError(
                    f"segment {location.segment.hex()}: block {number} at byte {location.offset}: "
                    f"{error}"
                ) from error
        if hashlib.sha256(block).digest() != location.digest:
            raise IntegrityError(
                f"segment {location.segment.hex()}: block {number} at byte {location.offset}: "
                f"SHA-256 is {hashlib.sha256(block).hexdigest()}, "
                f"expected {location.digest.hex()}"
            )
        return block

    def _decoded(self, stored: bytes) -> bytes:
        # Ours never say their size; a damaged frame that does would be given as much memory.
        if zstandard.frame_content_size(stored) != UNKNOWN:
            raise zstandard.ZstdError("the frame has a content size, ours have none")
        return self._decode.decompress(stored, max_output_size=BLOCK)


def _run(wanted: list[Location], at: int) -> list[Location]:
    """Return the entries from ``at`` on that lie one behind the other in one segment."""
    run = [wanted[at]]
    total = run[0].length
    for item in wanted[at + 1 :]:
        before = run[-1]
        if item.segment != before.segment or item.offset != before.offset + before.length:
            break
        total += item.length
        if total > SPAN:
            break
        run.append(item)
    return run

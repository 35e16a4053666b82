# SPDX-License-Identifier: Apache-2.0
"""A snapshot as a ``Disk``: blocks found by the map, decoded, digests checked on every read."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
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

KEPT: Final = 32
"""Blocks of which only a part was read, kept decoded: 16 MiB. File systems read by 4 KiB; four
threads that copy a disk by 256 KiB come back to each block once.
"""

UNKNOWN: Final = -1
"""What ``frame_content_size`` says of a frame that does not give it."""


class SnapshotDisk:
    """See ``model.disk.Disk``; safe to use from several threads, which decode side by side.

    Args:
        store: The block store.
        map_id: The id of its map.

    Attributes:
        map: The snapshot's map.
        size: Bytes of the disk.
        present: How many blocks are stored.
    """

    def __init__(self, store: ByteStore, map_id: str) -> None:
        self._store = store
        try:
            self.map = BlockMap(store.open(map_key(map_id)))
        except SourceError as error:
            raise IntegrityError(f"block map: {error.message}") from error
        self.size = self.map.size
        self.present = self.map.present
        self._open: dict[bytes, ByteSource] = {}
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._own = threading.local()  # A decompressor may not be shared.

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
            if self.map.has_page(number // PAGE_BLOCKS):
                absent = self.map.location(number).absent
                yield position, ExtentKind.ZERO if absent else ExtentKind.DATA
                position = (number + 1) * BLOCK
            else:
                yield position, ExtentKind.ZERO
                position = (number // PAGE_BLOCKS + 1) * PAGE_SPAN

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes; raises ``IntegrityError`` for a damaged block."""
        self._check(offset, length)
        first, last = offset // BLOCK, -(-(offset + length) // BLOCK)
        blocks = self._known(first, last) or self._blocks(first, last)
        start = offset - first * BLOCK
        if start or (offset + length) % BLOCK:
            self._keep(first, last, blocks)
        data = blocks[0] if len(blocks) == 1 else b"".join(blocks)
        return data if start == 0 and length == len(data) else data[start : start + length]

    def _known(self, first: int, last: int) -> list[bytes] | None:
        """Return the block of a read inside one block, if it is kept."""
        if last - first != 1:
            return None
        with self._lock:
            block = self._kept.get(first)
            if block is None:
                return None
            self._kept.move_to_end(first)
        return [block]

    def _keep(self, first: int, last: int, blocks: list[bytes]) -> None:
        """Keep the first and the last block of a read that began or ended inside one."""
        with self._lock:
            for number in {first, last - 1}:
                self._kept[number] = blocks[number - first]
                self._kept.move_to_end(number)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(
                f"snapshot: {length} bytes at byte {offset} are wanted, it has {self.size} bytes"
            )

    def _blocks(self, first: int, last: int) -> list[bytes]:
        """Return the blocks ``first`` … ``last - 1``; neighbours in a segment are read together."""
        wanted = [self.map.location(number) for number in range(first, last)]
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
                source = self._store.open(segment_key(segment))
                with self._lock:
                    if len(self._open) >= OPEN_SEGMENTS:
                        self._open.pop(next(iter(self._open)))
                    self._open[segment] = source
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
        try:
            decode = self._own.decode
        except AttributeError:
            decode = self._own.decode = zstandard.ZstdDecompressor().decompress
        return bytes(decode(stored, max_output_size=BLOCK))


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

# SPDX-License-Identifier: Apache-2.0
"""Block maps: per snapshot, block number to place; read by pages, so memory stays small.

Dec  Hex  Header field (64 bytes)                              Type
0  0x00 magic "VMFMAP01"                                     8 bytes
8  0x08 disk size, bytes                                     u64 little-endian
16  0x10 number of blocks present                             u64
24  0x18 number of page slots (disk size / 512 MiB, up)       u64
32  0x20 offset of the page directory                         u64
40  0x28 SHA-256 of the fields above and the directory        first 16 bytes
56  0x38 reserved, zero                                       8 bytes

Then the pages that have at least one block, each 1,024 entries of 64 bytes (location.py), in order;
then the directory: per slot the page's offset as u64 (0: no block in these 512 MiB) and the first 8
bytes of the page's SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import struct
from functools import lru_cache
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO, Final

from vmferry.blocks.ingest import NUMBER
from vmferry.blocks.location import ABSENT, ENTRY, NO_SEGMENT, Location, unpack
from vmferry.errors import IntegrityError, VmferryError
from vmferry.stores.directory import room_on_disk
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vmferry.model.bytes import ByteSource

MAGIC: Final = b"VMFMAP01"
FIELDS: Final = struct.Struct("<8sQQQQ")
HEADER_SIZE: Final = 64
CHECK: Final = 16
SLOT: Final = struct.Struct("<Q8s")
PAGE_BLOCKS: Final = 1024
PAGE: Final = PAGE_BLOCKS * ENTRY.size
PAGE_SPAN: Final = PAGE_BLOCKS * BLOCK
_PART_ENTRY: Final = NUMBER.size + ENTRY.size
_EMPTY_PAGE: Final = bytes(PAGE)


def map_key(map_id: str) -> str:
    """Return the key of a block map in the block store."""
    return f"maps/{map_id}"


def seal(parts: Iterable[Path], size: int, target: Path, base: BlockMap | None = None) -> int:
    """Join the map parts of a disk, given in disk order, into one map at ``target`` (flushed).

    Args:
        parts: Of slices.
        size: Of the disk, in bytes, not less than that of ``base``.
        target: The file of the map.
        base: Where the entries are from that no part has; zeros of a part drop out.

    Returns:
        How many blocks are present.
    """
    entries = _entries(parts, size)
    if base is not None:
        entries = _laid_over(base.entries(), entries)
    with room_on_disk(target.name, 0):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            count = _write(out, entries, size)
            out.flush()
            os.fsync(out.fileno())
    return count


def _entries(parts: Iterable[Path], size: int) -> Iterator[tuple[int, bytes]]:
    last, blocks = -1, -(-size // BLOCK)
    for part in parts:
        try:
            data = part.read_bytes()
        except OSError as error:
            raise IntegrityError(f"map part {part.name}: {error.strerror}") from error
        if len(data) % _PART_ENTRY:
            raise IntegrityError(
                f"map part {part.name}: has {len(data)} bytes, expected entries of {_PART_ENTRY}"
            )
        for number, entry in _split(data):
            if not last < number < blocks:
                raise IntegrityError(
                    f"map part {part.name}: block {number} comes after block {last}, "
                    f"expected rising numbers below {blocks}"
                )
            last = number
            yield number, entry


def _laid_over(
    base: Iterable[tuple[int, bytes]], entries: Iterable[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    """Yield all entries in order, of two with one number the second; absent ones drop out."""
    last = -1
    for number, entry in merge(entries, base, key=itemgetter(0)):
        if number != last and _segment(entry) != NO_SEGMENT:
            yield number, entry
        last = number


def _segment(entry: bytes) -> bytes:
    return entry[32:48]


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the entries of a part; one that is cut off at its end is left out."""
    for at in range(0, len(data) - len(data) % _PART_ENTRY, _PART_ENTRY):
        yield NUMBER.unpack_from(data, at)[0], data[at + NUMBER.size : at + _PART_ENTRY]


def _write(out: BinaryIO, entries: Iterable[tuple[int, bytes]], size: int) -> int:
    slots = [(0, bytes(8))] * -(-size // PAGE_SPAN)
    out.write(bytes(HEADER_SIZE))
    page, at, count = bytearray(_EMPTY_PAGE), -1, 0
    for number, entry in entries:
        if number // PAGE_BLOCKS != at:
            _flush(out, slots, at, page)
            page, at = bytearray(_EMPTY_PAGE), number // PAGE_BLOCKS
        place = number % PAGE_BLOCKS * ENTRY.size
        page[place : place + ENTRY.size] = entry
        count += 1
    _flush(out, slots, at, page)
    directory = b"".join(SLOT.pack(*slot) for slot in slots)
    offset = out.tell()
    out.write(directory)
    out.seek(0)
    fields = FIELDS.pack(MAGIC, size, count, len(slots), offset)
    out.write(fields + _check(fields, directory))
    return count


def _check(fields: bytes, directory: bytes) -> bytes:
    return hashlib.sha256(fields + directory).digest()[:CHECK]


def _flush(out: BinaryIO, slots: list[tuple[int, bytes]], at: int, page: bytearray) -> None:
    if at >= 0:
        slots[at] = (out.tell(), hashlib.sha256(page).digest()[:8])
        out.write(page)


class BlockMap:
    """A sealed map, read by pages.

    Attributes:
        size: The disk's size in bytes.
        present: How many blocks are stored.

    Raises:
        IntegrityError: The map is not what was sealed.
    """

    size: int
    present: int

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        head = source.read_at(0, min(HEADER_SIZE, source.size)).ljust(HEADER_SIZE, b"\0")
        magic, self.size, self.present, slots, offset = FIELDS.unpack_from(head)
        if magic != MAGIC or offset + slots * SLOT.size != source.size:
            raise IntegrityError(f"block map {source.name}: header is {head[: FIELDS.size].hex()}")
        directory = source.read_at(offset, slots * SLOT.size)
        check = _check(head[: FIELDS.size], directory)
        if head[FIELDS.size :] != check.ljust(HEADER_SIZE - FIELDS.size, b"\0"):
            raise IntegrityError(
                f"block map {source.name}: its header or directory has another digest"
            )
        self._directory = directory
        self.page_count = slots
        self._page = lru_cache(maxsize=16)(self._read_page)

    def has_page(self, slot: int) -> bool:
        """Say whether any block of these 512 MiB is present."""
        return bool(SLOT.unpack_from(self._directory, slot * SLOT.size)[0])

    def location(self, number: int) -> Location:
        """Return the entry of block ``number``; absent when it is all zeros or past the end."""
        if number // PAGE_BLOCKS >= self.page_count:
            return ABSENT
        page = self._page(number // PAGE_BLOCKS)
        return unpack(page, number % PAGE_BLOCKS * ENTRY.size, self._source.name)

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and entry of every block that is present, rising."""
        for slot in range(self.page_count):
            if self.has_page(slot):
                page = self._read_page(slot)
                for number in range(PAGE_BLOCKS):
                    entry = page[number * ENTRY.size : (number + 1) * ENTRY.size]
                    if _segment(entry) != NO_SEGMENT:
                        yield slot * PAGE_BLOCKS + number, entry

    def segments(self) -> set[bytes]:
        """Return the id of every segment that the map needs."""
        return {_segment(entry) for _, entry in self.entries()}

    def _read_page(self, slot: int) -> bytes:
        offset, check = SLOT.unpack_from(self._directory, slot * SLOT.size)
        if not offset:
            return _EMPTY_PAGE
        try:
            page = self._source.read_at(offset, PAGE)
        except VmferryError as error:
            raise IntegrityError(f"block map {self._source.name}: {error.message}") from error
        if hashlib.sha256(page).digest()[:8] != check:
            raise IntegrityError(f"block map {self._source.name}: page {slot} has another digest")
        return page


def part_segments(part: Path) -> set[bytes]:
    """Return the segments that an unsealed map part needs.

    A part whose worker was killed while it wrote may end anywhere; its slice is copied again.
    """
    try:
        data = part.read_bytes()
    except FileNotFoundError:
        return set()  # Its task has ended since it was named: a map, if any, has taken over.
    return {_segment(entry) for _, entry in _split(data)}

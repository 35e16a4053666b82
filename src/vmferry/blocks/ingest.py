# SPDX-License-Identifier: Apache-2.0
"""From a disk to stored blocks: read, skip zeros, digest, share, compress, write one segment.

The hot path of every import. One slice is a segment (more only if it is too large) and one *map
part*, a file with the numbered entries of the slice (``u64`` block number + entry) that
``map.seal`` later joins. A slice that is done again after a crash makes another segment; the first
one is garbage.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import zstandard

from vmferry.blocks.location import ABSENT, PLAIN, ZERO_BLOCK, ZSTD, Location, segment_key
from vmferry.model.disk import ExtentKind
from vmferry.stores.directory import flush_folder, room_on_disk
from vmferry.units import BLOCK, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vmferry.blocks.index import BlockIndex
    from vmferry.blocks.map import BlockMap
    from vmferry.model.bytes import ByteStore
    from vmferry.model.disk import Disk

RUN: Final = 8 * BLOCK
"""Bytes of a disk read at once: 4 MiB keeps ranged reads long and memory small."""

LEVEL: Final = 1
"""zstd's level. On the Debian guest's blocks, one core: -3 628 MB/s to 0.406 of the size, -1 568 to
0.353, 1 476 to 0.321, 3 335 to 0.303; deflate by isal 490 to 0.427. With reading and SHA-256, -1
would be 11 % faster than 1 and keep 10 % more.
"""

SLICE: Final = 32 * MIB
"""Data in one slice, as it is before compression."""

SEGMENT: Final = 64 * MIB
"""No segment is larger, however large its slice: it is held in memory until it is written."""

WORTH: Final = BLOCK - BLOCK // 16
"""A block that compresses to more than this is kept plain: reading it back is then free."""

NUMBER: Final = struct.Struct("<Q")


class Ingest:
    """Copies slices of disks into the block store.

    Args:
        store: Where segments go.
        index: What is stored already.
        lock: A file; held shared while a slice is copied, so that ``collect`` sees either none or
            all of a slice's references.
    """

    def __init__(self, store: ByteStore, index: BlockIndex, lock: Path) -> None:
        self._store, self._index, self._lock = store, index, lock

    def copy(
        self,
        disk: Disk,
        offset: int,
        length: int,
        part: Path,
        tick: Callable[[int], None],
        base: BlockMap | None = None,
    ) -> int:
        """Store the slice and write its map part durably.

        Args:
            disk: What is copied.
            offset: First byte, a multiple of ``BLOCK``.
            length: Bytes; the end is a multiple of ``BLOCK`` or the disk's end.
            part: The file that gets the slice's entries.
            tick: Called with the disk offset reached; may raise to stop.
            base: The map that the entries will be laid over: a block that is the same there keeps
                its place, and one that became zeros has an entry that says so.

        Returns:
            Bytes newly stored: compressed, without what was there already.
        """
        entries: list[tuple[int, Location]] = []
        stored, draft = 0, _Draft()
        with shared(self._lock):
            for start, size in runs(disk, offset, length):
                entries += self._blocks(disk.read_at(start, size), start, draft, base)
                if draft.size > SEGMENT - RUN:
                    stored += self._keep(draft)
                    draft = _Draft()
                tick(start + size)
            stored += self._keep(draft)
            _write_part(part, entries)
        return stored

    def _blocks(
        self, data: bytes, start: int, draft: _Draft, base: BlockMap | None
    ) -> list[tuple[int, Location]]:
        """Return the entries of a run; what is stored nowhere goes into the draft."""
        entries: dict[int, Location] = {}
        found: list[tuple[int, bytes, bytes]] = []
        for position in range(0, len(data), BLOCK):
            number = (start + position) // BLOCK
            block = data[position : position + BLOCK]
            if len(block) < BLOCK:
                block += bytes(BLOCK - len(block))
            if block == ZERO_BLOCK:
                if base is not None:
                    entries[number] = ABSENT
                continue
            digest = hashlib.sha256(block).digest()
            before = ABSENT if base is None else base.location(number)
            if before.digest == digest:
                entries[number] = before
            else:
                found.append((number, digest, block))
        known = self._index.find([digest for _, digest, _ in found]) if found else {}
        for number, digest, block in found:
            entries[number] = known.get(digest) or draft.place(digest, block)
        return sorted(entries.items())

    def _keep(self, draft: _Draft) -> int:
        if draft.size:
            self._store.put(segment_key(draft.segment), b"".join(draft.data))
            self._index.add(draft.places.values())
        return draft.size


class _Draft:
    """A segment that is being filled."""

    def __init__(self) -> None:
        self.segment = secrets.token_bytes(16)
        self.places: dict[bytes, Location] = {}
        self.data: list[bytes] = []
        self.size = 0
        self._compress = zstandard.ZstdCompressor(level=LEVEL, write_content_size=False).compress

    def place(self, digest: bytes, block: bytes) -> Location:
        """Return the block's place, the same one for the same digest."""
        place = self.places.get(digest)
        if place is None:
            small = self._compress(block)
            coding, data = (ZSTD, small) if len(small) <= WORTH else (PLAIN, block)
            place = Location(digest, self.segment, self.size, len(data), coding)
            self.places[digest] = place
            self.data.append(data)
            self.size += len(data)
        return place


def runs(disk: Disk, offset: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield (offset, length) of the parts with data, in whole blocks, each up to ``RUN`` bytes."""
    reached = offset
    for extent in disk.extents(offset, length):
        if extent.kind is ExtentKind.ZERO:
            continue
        first = max(extent.offset // BLOCK * BLOCK, reached)
        end = min(-(-extent.end // BLOCK) * BLOCK, offset + length)
        for start in range(first, end, RUN):
            yield start, min(RUN, end - start)
        reached = max(reached, end)


def _write_part(part: Path, entries: list[tuple[int, Location]]) -> None:
    data = b"".join(NUMBER.pack(number) + location.pack() for number, location in entries)
    with room_on_disk(part.name, len(data)):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        flush_folder(part.parent)


@contextmanager
def shared(lock: Path) -> Iterator[None]:
    """Hold ``lock`` with others that write; ``collect`` takes it alone."""
    with _locked(lock, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(lock: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold ``lock`` without any writer; raises ``BlockingIOError`` if that means to ``wait``."""
    with _locked(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)):
        yield


@contextmanager
def _locked(lock: Path, how: int) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)

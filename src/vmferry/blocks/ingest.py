# SPDX-License-Identifier: Apache-2.0
"""From a disk to stored blocks: read, skip zeros, digest, share, compress, write one segment.

The hot path of every import. One slice is one segment and one *map part*, a file with the numbered
entries of the slice (``u64`` block number + entry) that ``map.seal`` later joins. A slice that is
done again after a crash makes a second segment; the first one is garbage.
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

from vmferry.blocks.location import NO_SEGMENT, PLAIN, ZERO_BLOCK, ZSTD, Location, segment_key
from vmferry.model.disk import ExtentKind
from vmferry.stores.directory import flush_folder, room_on_disk
from vmferry.units import BLOCK, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vmferry.blocks.index import BlockIndex
    from vmferry.model.bytes import ByteStore
    from vmferry.model.disk import Disk

RUN: Final = 8 * BLOCK
"""Bytes of a disk read at once: 4 MiB keeps ranged reads long and memory small."""

LEVEL: Final = 1
"""zstd's level. On the Debian guest's blocks level 1 is the fastest that still beats deflate."""

SLICE: Final = 32 * MIB
"""Data in one slice: at most one segment of this size is held in memory."""

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
        self, disk: Disk, offset: int, length: int, part: Path, tick: Callable[[int], None]
    ) -> int:
        """Store the slice and write its map part durably.

        Args:
            disk: What is copied.
            offset: First byte, a multiple of ``BLOCK``.
            length: Bytes; the end is a multiple of ``BLOCK`` or the disk's end.
            part: The file that gets the slice's entries.
            tick: Called with the disk offset reached; may raise to stop.

        Returns:
            Bytes newly stored: compressed, without what was there already.
        """
        with shared(self._lock):
            entries, payload = self._collect(disk, offset, length, tick)
            new = _place(entries, payload)
            if payload:
                segment = new[0].segment
                self._store.put(segment_key(segment), b"".join(payload.values()))
                self._index.add(new)
            _write_part(part, entries)
        return sum(len(data) for data in payload.values())

    def _collect(
        self, disk: Disk, offset: int, length: int, tick: Callable[[int], None]
    ) -> tuple[list[tuple[int, Location]], dict[bytes, bytes]]:
        """Return the slice's entries, new ones still without a place, and the bytes of those."""
        entries: list[tuple[int, Location]] = []
        payload: dict[bytes, bytes] = {}
        compress = zstandard.ZstdCompressor(level=LEVEL, write_content_size=False).compress
        for start, size in runs(disk, offset, length):
            data = disk.read_at(start, size)
            digests: list[tuple[int, bytes, bytes]] = []
            for position in range(0, size, BLOCK):
                block = data[position : position + BLOCK]
                if len(block) < BLOCK:
                    block += bytes(BLOCK - len(block))
                if block != ZERO_BLOCK:
                    number = (start + position) // BLOCK
                    digests.append((number, hashlib.sha256(block).digest(), block))
            known = self._index.find([digest for _, digest, _ in digests]) if digests else {}
            for number, digest, block in digests:
                location = known.get(digest)
                if location is None:
                    location = Location(digest, NO_SEGMENT, 0, 0, PLAIN)
                    if digest not in payload:
                        small = compress(block)
                        payload[digest] = small if len(small) <= WORTH else block
                entries.append((number, location))
            tick(start + size)
        return entries, payload


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


def _place(entries: list[tuple[int, Location]], payload: dict[bytes, bytes]) -> list[Location]:
    """Give the new blocks their places in one fresh segment, in ``entries`` too; return them."""
    segment = secrets.token_bytes(16)
    places: dict[bytes, Location] = {}
    position = 0
    for digest, data in payload.items():
        coding = PLAIN if len(data) == BLOCK else ZSTD
        places[digest] = Location(digest, segment, position, len(data), coding)
        position += len(data)
    for at, (number, location) in enumerate(entries):
        if location.absent:
            entries[at] = (number, places[location.digest])
    return list(places.values())


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
def alone(lock: Path) -> Iterator[None]:
    """Hold ``lock`` without any writer."""
    with _locked(lock, fcntl.LOCK_EX):
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

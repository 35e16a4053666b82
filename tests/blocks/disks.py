# SPDX-License-Identifier: Apache-2.0
"""Disks for the block store, and a store of one test's own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmferry.blocks import BlockIndex, Ingest, SnapshotDisk, seal
from vmferry.blocks.map import map_key
from vmferry.database import connect
from vmferry.model.disk import Extent, ExtentKind
from vmferry.stores.directory import DirectoryStore
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from vmferry.model.disk import Disk


class Pieces:
    """A disk of given size with bytes at some places; what lies between is holes."""

    def __init__(self, size: int, pieces: dict[int, bytes] | None = None) -> None:
        self.size = size
        self.pieces = dict(sorted((pieces or {}).items()))
        self.bytes_read = 0

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        end = self.size if length is None else offset + length
        at = offset
        for start, data in self.pieces.items():
            first, last = max(start, at), min(start + len(data), end)
            if first >= last:
                continue
            if first > at:
                yield Extent(at, first - at, ExtentKind.ZERO)
            yield Extent(first, last - first, ExtentKind.DATA)
            at = last
        if at < end:
            yield Extent(at, end - at, ExtentKind.ZERO)

    def read_at(self, offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= self.size
        self.bytes_read += length
        out = bytearray(length)
        for start, data in self.pieces.items():
            first, last = max(start, offset), min(start + len(data), offset + length)
            if first < last:
                out[first - offset : last - offset] = data[first - start : last - start]
        return bytes(out)


def noise(seed: int, length: int = BLOCK) -> bytes:
    """Return bytes that nothing compresses, the same for the same seed."""
    return random.Random(seed).randbytes(length)


def text(seed: int, length: int = BLOCK) -> bytes:
    """Return bytes that compress well, the same for the same seed."""
    line = f"block {seed}: the quick brown fox jumps over the lazy dog\n".encode()
    return (line * (length // len(line) + 1))[:length]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStore:
    """A block store in a folder."""

    root: Path
    store: DirectoryStore
    index: BlockIndex
    engine: Engine

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def ingest(self) -> Ingest:
        return Ingest(self.store, self.index, self.lock)

    def keep(self, map_id: str, disk: Disk, cuts: Sequence[int] = ()) -> int:
        """Copy a disk in slices, seal it as ``map_id``, and return the bytes newly stored."""
        bounds = [0, *cuts, disk.size]
        parts = [self.part(map_id, at) for at in range(len(bounds) - 1)]
        new = 0
        for at in reversed(range(len(parts))):
            start, end = bounds[at], bounds[at + 1]
            new += self.ingest.copy(disk, start, end - start, parts[at], lambda _: None)
        self.seal(map_id, parts, disk.size)
        return new

    def part(self, map_id: str, at: int = 0) -> Path:
        """Return where a slice's map part goes."""
        return self.root.parent / "parts" / f"{map_id}-{at:06}"

    def seal(self, map_id: str, parts: Sequence[Path], size: int) -> int:
        """Seal the parts and put the map in its place; return the number of blocks."""
        draft = self.root.parent / "draft"
        count = seal(parts, size, draft)
        self.store.adopt(map_key(map_id), draft, lambda _: None)
        return count

    def disk(self, map_id: str) -> SnapshotDisk:
        """Open a sealed disk."""
        return SnapshotDisk(self.store, map_id)


def block_store(folder: Path) -> BlockStore:
    """Return a new block store below ``folder``; dispose of its engine."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = connect(f"sqlite:///{folder / 'records.sqlite'}")
    return BlockStore(
        root=folder / "blocks",
        store=DirectoryStore(folder / "blocks"),
        index=BlockIndex(engine),
        engine=engine,
    )


def same(one: Disk, other: Disk, step: int = 3_000_001) -> bool:
    """Say whether two disks have the same bytes."""
    return one.size == other.size and all(
        one.read_at(at, min(step, one.size - at)) == other.read_at(at, min(step, one.size - at))
        for at in range(0, one.size, step)
    )

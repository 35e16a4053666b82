# SPDX-License-Identifier: Apache-2.0
"""Where a logical address is in the partition: by chunks, each with a copy or a stripe per device.

    Dec  Hex  Chunk item (its key: 256, 228, logical address)
      0  0x00 length                u64
     24  0x18 type                  u64: see ``Profile``
     44  0x2C num_stripes           u16
     48  0x30 stripes, 32 bytes each
       0  0x00 devid                u64
       8  0x08 offset               u64, in the device
      16  0x10 dev_uuid             16 bytes

One device is read. A chunk that is whole on it (single, DUP, a copy of RAID1) can be read from it
even if the file system has others; a chunk that is not is refused when it is asked for.

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "CHUNK_ITEM".
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from enum import IntFlag
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.filesystems.btrfs.superblock import SuperBlock

CHUNK_ITEM: Final = 228
FIRST_CHUNK_TREE: Final = 256
MOST_CHUNKS: Final = 1 << 16
"""64 TiB of chunks of 1 GiB, the kernel's usual size."""

_KEY: Final = struct.Struct("<QBQ")
_CHUNK: Final = struct.Struct("<Q16xQ12xH2x")
_STRIPE: Final = struct.Struct("<QQ16x")


class Profile(IntFlag):
    """How a chunk's type says that it lies on its devices."""

    RAID0 = 0x8
    RAID1 = 0x10
    DUP = 0x20
    RAID10 = 0x40
    RAID5 = 0x80
    RAID6 = 0x100
    RAID1C3 = 0x200
    RAID1C4 = 0x400


STRIPED: Final = Profile.RAID0 | Profile.RAID10 | Profile.RAID5 | Profile.RAID6


class Chunk(NamedTuple):
    """A range of logical addresses; ``copies`` are the places here that hold all of it."""

    start: int
    length: int
    copies: tuple[int, ...]


class Chunks:
    """The chunks of a file system, as far as they are known.

    Args:
        super_block: Names this device and how many there are.
        size: Bytes of the partition.
    """

    def __init__(self, super_block: SuperBlock, size: int) -> None:
        self._device = super_block.device
        self._devices = super_block.devices
        self._size = size
        self._chunks: dict[int, Chunk] = {}
        self._starts: list[int] = []
        for start, item in _system_chunks(super_block.system_chunks):
            self.add(start, item)
        self.sort()

    def add(self, start: int, item: bytes) -> None:
        """Take in the chunk item of logical address ``start``; ``sort`` makes it known.

        Raises:
            FormatError: It is cut off, or one too many.
        """
        length, kind, count = _chunk_fields(start, item)
        if len(self._chunks) >= MOST_CHUNKS:
            raise FormatError("chunks", found="more", expected=f"at most {MOST_CHUNKS}")
        stripes = [
            _STRIPE.unpack_from(item, _CHUNK.size + position * _STRIPE.size)
            for position in range(count)
        ]
        if kind & STRIPED and count > 1:
            stripes = []
        copies = tuple(offset for device, offset in stripes if device == self._device)
        self._chunks[start] = Chunk(start, length, copies)

    def sort(self) -> None:
        """Make the added chunks known."""
        self._starts = sorted(self._chunks)

    def copies(self, logical: int, length: int) -> list[int]:
        """Return every place in the partition that holds the ``length`` bytes from ``logical``.

        Raises:
            FormatError: No chunk has them, or they are not on this device.
        """
        position = bisect_right(self._starts, logical) - 1
        chunk = self._chunks[self._starts[position]] if position >= 0 else Chunk(0, 0, ())
        inside = logical - chunk.start
        if inside + length > chunk.length:
            raise FormatError("chunks", found=f"none with {length} bytes from {logical}")
        if not chunk.copies:
            raise FormatError(
                f"chunk {chunk.start}",
                found=f"a layout over the file system's {self._devices} devices",
                expected="one that is whole on a single device",
                hint="Balance it to one device in the machine: btrfs balance, btrfs device remove",
            )
        places = [copy + inside for copy in chunk.copies if copy + inside + length <= self._size]
        if not places:
            raise FormatError(
                f"chunk {chunk.start}",
                where=chunk.copies[0],
                found=f"{chunk.length} bytes",
                expected=f"an end inside the partition's {self._size}",
                hint="The disk is cut off: export it again",
            )
        return places


def _system_chunks(array: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the address and the item of every chunk in the super block."""
    at = 0
    while at < len(array):
        if at + _KEY.size + _CHUNK.size > len(array):
            raise FormatError("sys_chunk_array", found="a chunk that is cut off")
        objectid, kind, start = _KEY.unpack_from(array, at)
        if (objectid, kind) != (FIRST_CHUNK_TREE, CHUNK_ITEM):
            raise FormatError("sys_chunk_array", found=f"key {objectid}, {kind}")
        at += _KEY.size
        size = _CHUNK.size + _CHUNK.unpack_from(array, at)[2] * _STRIPE.size
        yield start, array[at : at + size]
        at += size


def _chunk_fields(start: int, item: bytes) -> tuple[int, int, int]:
    """Return length, type and number of stripes."""
    if len(item) >= _CHUNK.size:
        length, kind, count = _CHUNK.unpack_from(item)
        if count and length and len(item) >= _CHUNK.size + count * _STRIPE.size:
            return length, kind, count
    raise FormatError(f"chunk {start}", found=f"an item of {len(item)} bytes without its stripes")

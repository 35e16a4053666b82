# SPDX-License-Identifier: Apache-2.0
"""Which granules of a device its overlay holds: a bit for each 64 KiB, so a byte is one block.

Dec  Hex  Header field (4,096 bytes)                                Type
0  0x00 magic "VMFCOW01"                                          8 bytes
8  0x08 device size, bytes                                        u64 little-endian
16  0x10 base size, bytes                                         u64
24  0x18 SHA-256 of the fields above                              first 8 bytes
32  0x20 reserved, zero                                           4,064 bytes

Then a byte per block of 512 KiB: bit n, from the lowest, says that its n-th 64 KiB are in the
overlay. Bits are only ever set, and on disk only when the overlay's bytes are durable; so whatever
part of an update a power cut leaves is true.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from typing import TYPE_CHECKING, Final

from vmferry.errors import IntegrityError
from vmferry.stores.directory import flush_folder, room_on_disk
from vmferry.units import BLOCK, KIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRANULE: Final = 64 * KIB
"""What a write copies up from the base at most, twice."""

MAGIC: Final = b"VMFCOW01"
FIELDS: Final = struct.Struct("<8sQQ")
CHECK: Final = 8
PAGE: Final = 4 * KIB
"""The header, and what is written of the bits at once: 2 GiB of the device."""

_NOT_CLEAR: Final = re.compile(rb"[^\x00]")
_NOT_FULL: Final = re.compile(rb"[^\xff]")


class Bitmap:
    """The bits in memory, and the file that they are kept in.

    Args:
        path: The file; it exists.
        base_size: What the header must say of the base, in bytes.

    Attributes:
        size: Of the device, in bytes.

    Raises:
        IntegrityError: The file is not what we wrote, or belongs to a device over another base.
    """

    def __init__(self, path: Path, base_size: int) -> None:
        self._path = path
        try:
            data = path.read_bytes()
        except OSError as error:
            raise IntegrityError(f"device: its bitmap cannot be read: {error.strerror}") from error
        fields = data[: FIELDS.size]
        if len(data) < PAGE or not fields.startswith(MAGIC) or data[:PAGE] != _header(fields):
            raise IntegrityError(f"device: the header of its bitmap is {fields.hex()}")
        _, self.size, stands_on = FIELDS.unpack(fields)
        if stands_on != base_size:
            raise IntegrityError(
                f"device: its base has {base_size} bytes, expected the {stands_on} of the base "
                "that it was made over"
            )
        if len(data) != PAGE + -(-self.size // BLOCK):
            raise IntegrityError(
                f"device: its bitmap has {len(data)} bytes, "
                f"expected {PAGE + -(-self.size // BLOCK)} for {self.size} bytes"
            )
        self._bits = bytearray(data[PAGE:])
        self._dirty: set[int] = set()

    def runs(self, first: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Yield (first, end, held) for the granules ``first`` … ``end - 1``, by turns."""
        while first < end:
            held = self._held(first)
            stop = self._run_end(first, end, held)
            yield first, stop, held
            first = stop

    def holds(self, first: int, end: int) -> bool:
        """Say whether the overlay holds all the granules ``first`` … ``end - 1``."""
        return first >= end or (self._held(first) and self._run_end(first, end, True) == end)

    def add(self, first: int, end: int) -> None:
        """Set the bits ``first`` … ``end - 1``; one thread at a time."""
        if first >= end:
            return
        low, high = first >> 3, (end - 1) >> 3
        lead, trail = 0xFF << (first & 7) & 0xFF, 0xFF >> 7 - ((end - 1) & 7)
        if low == high:
            self._bits[low] |= lead & trail
        else:
            self._bits[low] |= lead
            self._bits[low + 1 : high] = b"\xff" * (high - low - 1)
            self._bits[high] |= trail
        self._dirty.update(range(low // PAGE, high // PAGE + 1))

    def blocks(self, first: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield the numbers from ``first`` to ``end`` of blocks that the overlay has a part of."""
        for match in _NOT_CLEAR.finditer(
            self._bits, first, len(self._bits) if end is None else end
        ):
            yield match.start()

    @property
    def bits(self) -> bytes:
        """A byte per block."""
        return bytes(self._bits)

    def take(self) -> dict[int, bytes]:
        """Return the pages that changed since they were taken last; not while bits are added."""
        taken = {page: bytes(self._bits[page * PAGE : (page + 1) * PAGE]) for page in self._dirty}
        self._dirty.clear()
        return taken

    def keep(self, pages: dict[int, bytes]) -> None:
        """Write pages that were taken, durably.

        Raises:
            StorageFullError: No space is left.
            ServiceError: The disk refused it otherwise.
        """
        with room_on_disk("device: its bitmap", len(pages) * PAGE):
            fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                for number, page in pages.items():
                    os.pwrite(fd, page, PAGE + number * PAGE)
                os.fdatasync(fd)
            finally:
                os.close(fd)

    def _held(self, number: int) -> bool:
        return bool(self._bits[number >> 3] >> (number & 7) & 1)

    def _run_end(self, at: int, end: int, held: bool) -> int:
        """Return the first granule from ``at`` on that differs from ``held``, or ``end``."""
        while at & 7:
            if at >= end or self._held(at) is not held:
                return min(at, end)
            at += 1
        other = _NOT_FULL if held else _NOT_CLEAR
        match = other.search(self._bits, at >> 3, -(-end >> 3))
        if match is None:
            return end
        at = match.start() << 3
        while at < end and self._held(at) is held:
            at += 1
        return min(at, end)


def write_bitmap(path: Path, size: int, base_size: int, bits: bytes = b"") -> None:
    """Make the bitmap of a device, durably and at once; it takes the place of one that is there.

    Args:
        path: The file.
        size: Of the device, in bytes.
        base_size: Of its base.
        bits: A byte per block; the rest are clear.
    """
    data = _header(FIELDS.pack(MAGIC, size, base_size)) + bits.ljust(-(-size // BLOCK), b"\0")
    temporary = path.with_name(f"{path.name}.new")
    with room_on_disk("device: its bitmap", len(data)):
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_folder(path.parent)


def _header(fields: bytes) -> bytes:
    return (fields + hashlib.sha256(fields).digest()[:CHECK]).ljust(PAGE, b"\0")

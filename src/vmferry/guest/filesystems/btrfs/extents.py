# SPDX-License-Identifier: Apache-2.0
"""A file's bytes: inline in the tree, in extents of the partition, or holes.

    Dec  Hex  Extent item (its key: inode, 108, offset in the file)
      0  0x00 generation            u64
      8  0x08 ram_bytes             u64, uncompressed
     16  0x10 compression           u8
     17  0x11 encryption            u8, 0
     18  0x12 other_encoding        u16, 0
     20  0x14 type                  u8: 0 inline, 1 regular, 2 preallocated
     21  0x15 inline: the data; else
     21  0x15 disk_bytenr           u64 logical, 0: a hole
     29  0x1D disk_num_bytes        u64
     37  0x25 offset                u64, into the uncompressed extent
     45  0x2D num_bytes             u64, of the file

Data is not checked against the checksum tree: that would double what is read, and half the files
that matter (inline ones, links) lie in nodes, whose checksum is verified.

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "EXTENT_DATA".
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs import compression
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmferry.guest.filesystems.btrfs.chunks import Chunks
    from vmferry.guest.filesystems.btrfs.tree import Key
    from vmferry.guest.window import Window

EXTENT_DATA: Final = 108
INLINE: Final = 0
REGULAR: Final = 1
PREALLOCATED: Final = 2
MOST_KEPT: Final = 8
"""Decompressed extents kept, because files share and split them."""

PIECE: Final = 64 * KIB
_HEAD: Final = struct.Struct("<8xQBBHB")
_REST: Final = struct.Struct("<QQQQ")


class Extent(NamedTuple):
    """One regular extent of a file, in the specification's order."""

    disk: int
    disk_bytes: int
    offset: int
    file_bytes: int


class Extents:
    """Reads files of one file system.

    Args:
        window: The partition.
        chunks: Says where logical addresses are.
        sector: The file system's sector size.
    """

    def __init__(self, window: Window, chunks: Chunks, sector: int) -> None:
        self._window = window
        self._chunks = chunks
        self._sector = sector
        self._kept: OrderedDict[tuple[int, ...], bytes] = OrderedDict()
        self._decompressor = compression.Decompressor(sector)

    def read(self, items: Iterable[tuple[Key, bytes]], length: int) -> bytes:
        """Return the first ``length`` bytes of the file whose extents are ``items``.

        Raises:
            FormatError: An extent is damaged, or cannot be on this device.
        """
        out = bytearray(length)
        behind = 0
        for (_, _, start), item in items:
            if start < behind:
                raise FormatError("extents", found=f"two of file offset {start}")
            if start >= length:
                break
            data, size = self._data(start, item, length - start)
            out[start : start + len(data)] = data
            behind = start + size
        return bytes(out)

    def _data(self, start: int, item: bytes, most: int) -> tuple[bytes, int]:
        """Return an item's first ``most`` bytes, and how many it has."""
        if len(item) < _HEAD.size:
            raise FormatError("extent", found=f"an item of {len(item)} bytes")
        length, packed, encrypted, encoded, kind = _HEAD.unpack_from(item)
        if encrypted or encoded or kind > PREALLOCATED:
            raise FormatError("extent", found=f"type {kind}, encoding {encrypted}, {encoded}")
        if kind == INLINE:
            return self._inline(start, item[_HEAD.size :], packed, length, most)
        if len(item) < _HEAD.size + _REST.size:
            raise FormatError("extent", found=f"an item of {len(item)} bytes")
        extent = Extent._make(_REST.unpack_from(item, _HEAD.size))
        size = extent.file_bytes
        if not size or (start | size | extent.offset) % self._sector:
            raise FormatError("extent", found=f"{size} bytes of file offset {start}, no sectors")
        if extent.disk == 0 or kind == PREALLOCATED:
            return b"", size
        if packed == compression.NONE:
            return self._plain(extent, most), size
        data = self._unpacked(extent, packed, length)
        return data[extent.offset : extent.offset + min(size, most)], size

    def _inline(
        self, start: int, data: bytes, packed: int, length: int, most: int
    ) -> tuple[bytes, int]:
        if start:
            raise FormatError("inline extent", found=f"one of file offset {start}", expected=0)
        if packed != compression.NONE:
            data = self._decompressor.decompress(data, packed, length)
        return data[: min(length, most)], max(1, length)

    def _plain(self, extent: Extent, most: int) -> bytes:
        if extent.offset + extent.file_bytes > extent.disk_bytes:
            raise FormatError("extent", found=f"an end behind its {extent.disk_bytes} bytes")
        wanted = min(extent.file_bytes, most)
        place = self._chunks.copies(extent.disk + extent.offset, wanted)[0]
        return b"".join(
            self._window.peek(place + at, min(PIECE, wanted - at)) for at in range(0, wanted, PIECE)
        )

    def _unpacked(self, extent: Extent, packed: int, length: int) -> bytes:
        """Return all bytes of a compressed extent."""
        key = (extent.disk, extent.disk_bytes, packed, length)
        data = self._kept.get(key)
        if data is not None:
            self._kept.move_to_end(key)
            return data
        if extent.disk_bytes > compression.MOST:
            raise FormatError("compressed extent", found=f"{extent.disk_bytes} bytes")
        place = self._chunks.copies(extent.disk, extent.disk_bytes)[0]
        stored = self._window.peek(place, extent.disk_bytes)
        data = self._kept[key] = self._decompressor.decompress(stored, packed, length)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return data

# SPDX-License-Identifier: Apache-2.0
"""Writes a streamOptimized VMDK, version 3, as ESXi's own export makes it.

Every grain table stands behind its grains, so the file can also be read as a stream. Equal disks
give equal files, in whatever slices they were encoded.

Source: VMware, Virtual Disk Format 5.0 (2011), "Stream-Optimized Compressed Sparse Extents".

    header         grain directory "at end"
    descriptor     from sector 1
    per table      grain markers with their data, grain table marker, grain table
    marker, grain directory
    marker, footer: the header with the directory's place
    end-of-stream marker

A table in a body has places that count from the body's own beginning, 1 being its first sector; the
end adds where the body came to stand. A record says where these tables are:

    Dec  Hex  Name
      0  0x00 CRC-32 of the grains as they are stored                    u32
      4  0x04 bytes of these grains                                      u64
     12  0x0c per table: its number u32, its place in the body u64
"""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, BinaryIO, Final

from isal import isal_zlib

from vmferry.errors import FormatError, IntegrityError
from vmferry.formats import Effort, Encoded
from vmferry.formats._sparse import UNIT, stored_runs
from vmferry.formats._writer import check_parts, check_slice
from vmferry.formats.vmdk.deflate import Deflater
from vmferry.formats.vmdk.descriptor import compose_descriptor
from vmferry.formats.vmdk.header import (
    AT_END,
    COMPRESSED,
    DEFLATE,
    MAGIC,
    MARKERS,
    NEWLINE_TEST,
    NEWLINES,
    SparseHeader,
    check_fields,
)
from vmferry.formats.vmdk.markers import GRAIN_MARKER, MarkerKind, pack_marker, padding
from vmferry.units import KIB, SECTOR, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.formats import Part, Put
    from vmferry.model.disk import Disk

_GRAIN: Final = 64 * KIB
_GRAIN_SECTORS: Final = _GRAIN // SECTOR
_ENTRIES: Final = 512  # per grain table, as every hosted product writes it
_OVERHEAD: Final = 128  # sectors before the first grain: header, descriptor, padding
_DESCRIPTOR_SECTORS: Final = 20
_TABLE_SECTORS: Final = _ENTRIES * 4 // SECTOR
_MAX_SECTOR: Final = (1 << 32) - 1
_HEAD: Final = struct.Struct("<IQ")
_PLACE: Final = struct.Struct("<IQ")


class VmdkWriter:
    """Writes one streamOptimized VMDK.

    Args:
        size: Bytes of the disk; the file says the next whole sector.
        effort: How hard grains are deflated (``deflate``).

    Raises:
        FormatError: The disk is empty or larger than the format can say.
    """

    alignment = _ENTRIES * _GRAIN
    first = _OVERHEAD * SECTOR

    def __init__(self, size: int, *, effort: Effort = Effort.NORMAL) -> None:
        self._size = size
        self._effort = effort
        self._header = _header(round_up(size, SECTOR) // SECTOR)
        check_fields(self._header)

    def encode(self, disk: Disk, offset: int, length: int, put: Put) -> Encoded:
        """Put the grains that are not zeros, and their tables."""
        check_slice("vmdk", disk, offset, length, self._size, self.alignment)
        body = _Body(put, self._effort)
        for at, run in stored_runs(disk, offset, offset + length):
            for start in range(0, len(run), UNIT):
                body.add((at + start) // _GRAIN, run[start : start + UNIT])
        body.close_table()
        return Encoded(body.size, body.record())

    def finish(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Write header and descriptor, move the tables' places, write directory and footer.

        Raises:
            IntegrityError: The parts are not the whole disk.
            FormatError: The file is longer than 2 TiB, where its places end.
        """
        check_parts("vmdk", parts, self._size)
        for part in parts:
            self.settle(part, out)
        self.close(parts, out)

    def settle(self, part: Part, out: BinaryIO, base: int = 0) -> None:
        """Move the places in the body's tables: they count from the body's own beginning."""
        for _, at in _PLACE.iter_unpack(part.record[_HEAD.size :]):
            _move_table(out, part.place + at - base, part.place // SECTOR - 1)

    def close(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Write header, descriptor, directory and footer."""
        check_parts("vmdk", parts, self._size)
        end = parts[-1].place + parts[-1].size
        if end // SECTOR > _MAX_SECTOR:
            raise FormatError(
                "vmdk: the file would be longer than 2 TiB",
                hint="Export the disk as raw or VHD, or free space on it first",
            )
        crc, directory = 0, array("I", bytes(4 * self._header.tables))
        for part in parts:
            one, grains = _HEAD.unpack_from(part.record)
            crc = isal_zlib.crc32_combine(crc, one, grains)
            for index, at in _PLACE.iter_unpack(part.record[_HEAD.size :]):
                directory[index] = (part.place + at) // SECTOR
        out.seek(0)
        out.write(self._header.pack())
        text = compose_descriptor(self._header.capacity, content_id=crc & 0x7FFFFFFF)
        out.write(text.ljust((_OVERHEAD - 1) * SECTOR, b"\0"))
        out.seek(end)
        self._write_tail(directory, end // SECTOR, out)

    def _write_tail(self, directory: array[int], sector: int, out: BinaryIO) -> None:
        data = _little_endian(directory)
        data += padding(len(data))
        out.write(pack_marker(MarkerKind.GRAIN_DIRECTORY, len(data) // SECTOR))
        out.write(data)
        out.write(pack_marker(MarkerKind.FOOTER, 1))
        out.write(self._header._replace(directory_offset=sector + 1).pack())
        out.write(pack_marker(MarkerKind.END_OF_STREAM, 0))


class _Body:
    """The body of one slice while it is put.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, put: Put, effort: Effort) -> None:
        self.size = 0
        self._put = put
        self._deflate = Deflater(effort)
        self._tables: list[bytes] = []
        self._crc = self._grains = 0
        self._index, self._entries = -1, array("I")

    def add(self, number: int, grain: memoryview) -> None:
        """Put a grain, cut only where the disk ends."""
        index, entry = divmod(number, _ENTRIES)
        if index != self._index:
            self.close_table()
            self._index, self._entries = index, array("I", bytes(4 * _ENTRIES))
            self._deflate.restart()
        self._entries[entry] = self.size // SECTOR + 1
        data = self._deflate(grain if len(grain) == _GRAIN else bytes(grain).ljust(_GRAIN, b"\0"))
        marker = GRAIN_MARKER.pack(number * _GRAIN_SECTORS, len(data))
        stored = b"".join((marker, data, padding(len(marker) + len(data))))
        self._crc = isal_zlib.crc32(stored, self._crc)
        self._grains += len(stored)
        self._append(stored)

    def close_table(self) -> None:
        """Put the table of the grains since the last one, if there are any."""
        if self._index < 0:
            return
        self._append(pack_marker(MarkerKind.GRAIN_TABLE, _TABLE_SECTORS))
        self._tables.append(_PLACE.pack(self._index, self.size))
        self._append(_little_endian(self._entries))
        self._index = -1

    def record(self) -> bytes:
        """Return what ``finish`` has to know."""
        return _HEAD.pack(self._crc, self._grains) + b"".join(self._tables)

    def _append(self, data: bytes) -> None:
        self._put(self.size, data)
        self.size += len(data)


def _header(capacity: int) -> SparseHeader:
    return SparseHeader(
        magic=MAGIC,
        version=3,
        flags=NEWLINE_TEST | COMPRESSED | MARKERS,
        capacity=capacity,
        grain_size=_GRAIN_SECTORS,
        descriptor_offset=1,
        descriptor_size=_DESCRIPTOR_SECTORS,
        table_entries=_ENTRIES,
        redundant_offset=0,
        directory_offset=AT_END,
        overhead=_OVERHEAD,
        unclean=0,
        newlines=NEWLINES,
        compression=DEFLATE,
    )


def _move_table(out: BinaryIO, place: int, sectors: int) -> None:
    """Add ``sectors`` to every entry of the table at ``place``."""
    out.seek(place)
    data = out.read(_ENTRIES * 4)
    if len(data) < _ENTRIES * 4:
        raise IntegrityError(f"vmdk: no grain table at byte {place}, the file ends before")
    entries = struct.unpack(f"<{_ENTRIES}I", data)
    out.seek(place)
    out.write(_little_endian([entry and entry + sectors for entry in entries]))


def _little_endian(entries: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(entries)}I", *entries)

# SPDX-License-Identifier: Apache-2.0
"""Writes a dynamic VHDX with an empty log.

Every slice becomes a piece of its own, in any process; the assembly puts the blocks in the order of
the disk, so that a reader's ranges stay ranges of the file. It goes from its first byte to its last
without seeking: the artifact may be a pipe. The GUIDs come from the content, so equal disks
give equal files, in whatever slices they were encoded.

Source: [MS-VHDX] 2.1 "Layout"; 2.5.1.1: of the states only ZERO promises zeros.

    0      file identifier, headers, region tables
    1 MiB  log, empty
    2 MiB  metadata
    3 MiB  block allocation table, in whole MiB
           blocks
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from typing import TYPE_CHECKING, BinaryIO, Final
from uuid import UUID

from vmferry.errors import FormatError, IntegrityError
from vmferry.formats.vhdx.header import (
    HEADER_PLACES,
    IDENTIFIER,
    NO_GUID,
    SECTION,
    Header,
)
from vmferry.formats.vhdx.metadata import Metadata, check_metadata, pack_metadata
from vmferry.formats.vhdx.pieces import Piece, PieceWriter
from vmferry.formats.vhdx.regions import TABLE_PLACES, Region, pack_regions
from vmferry.formats.vhdx.table import FULLY_PRESENT, ZERO
from vmferry.model.disk import ExtentKind
from vmferry.units import MIB, SECTOR, round_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.model.disk import Disk

_MOST_BLOCKS: Final = 1 << 20
"""Blocks are 1 MiB, which suits Linux best by Microsoft's advice, until the table has 8 MiB."""

_PHYSICAL: Final = 4096
_CHUNK: Final = 4 * MIB
_CREATOR: Final = "vmferry".encode("utf-16-le")


class VhdxWriter:
    """Writes one dynamic VHDX.

    Args:
        size: Bytes of the disk; the file says the next whole sector.

    Raises:
        FormatError: The disk is empty or larger than 64 TiB.
    """

    placed = False

    def __init__(self, size: int) -> None:
        self._size = size
        block = MIB
        while block * _MOST_BLOCKS < size and block < 256 * MIB:
            block *= 2
        self._metadata = Metadata(block, round_up(size, SECTOR), SECTOR, _PHYSICAL, UUID(int=0))
        check_metadata(self._metadata)

    @property
    def alignment(self) -> int:
        """One block."""
        return self._metadata.block_size

    def encode(self, disk: Disk, offset: int, length: int, out: BinaryIO) -> None:
        """Write the piece of one slice; blocks of zeros are left out."""
        end, size = offset + length, self.alignment
        if offset % size or not offset <= end <= min(disk.size, self._size):
            raise FormatError(
                "vhdx: slice",
                found=f"{offset} + {length} bytes",
                expected=f"a multiple of {size} inside {self._size} bytes",
            )
        piece = PieceWriter(out, size)
        for at, data in _units(disk, offset, end, min(size, _CHUNK)):
            piece.add(at, data)
        piece.finish(offset, length)

    def assemble(self, pieces: Sequence[BinaryIO], out: BinaryIO) -> None:
        """Write the file from the pieces of all slices.

        Raises:
            IntegrityError: A piece is missing, cut, or of another disk.
        """
        opened = [Piece.open(piece) for piece in pieces]
        self._check_order(opened)
        records = b"".join(piece.records() for piece in opened)
        guids = [self._guid(name, records) for name in ("file", "data", "disk")]
        bat = Region("", 3 * MIB, round_up(self._metadata.table_entries * 8, MIB))
        metadata = Region("", 2 * MIB, MIB)
        out.write(_header_section(guids[0], guids[1], pack_regions(bat, metadata)))
        out.write(bytes(MIB))
        out.write(pack_metadata(self._metadata._replace(disk_id=guids[2]), MIB))
        out.write(self._table(records, bat.end).ljust(bat.length, b"\0"))
        for piece in opened:
            piece.copy_blocks(out)

    def _check_order(self, pieces: list[Piece]) -> None:
        at = 0
        for piece in pieces:
            if piece.offset != at or piece.block_size != self.alignment:
                raise IntegrityError(f"vhdx: piece of byte {piece.offset}, expected that of {at}")
            at += piece.length
        if at != self._size:
            raise IntegrityError(f"vhdx: pieces of {at} bytes, expected {self._size}")

    def _guid(self, name: str, records: bytes) -> UUID:
        text = f"vmferry vhdx {name} {self._metadata.size}".encode()
        return UUID(bytes=hashlib.sha256(text + records).digest()[:16], version=5)

    def _table(self, records: bytes, first: int) -> bytes:
        chunk = self._metadata.chunk_blocks
        entries = array("Q", [ZERO]) * self._metadata.table_entries
        for bitmap in range(chunk, len(entries), chunk + 1):
            entries[bitmap] = 0
        place = first
        for number, _ in struct.iter_unpack("<QQ", records):
            entries[number + number // chunk] = place | FULLY_PRESENT
            place += self.alignment
        return struct.pack(f"<{len(entries)}Q", *entries)


def _header_section(file_write: UUID, data_write: UUID, table: bytes) -> bytes:
    section = bytearray(SECTION)
    identifier = IDENTIFIER + _CREATOR
    section[: len(identifier)] = identifier
    for sequence, place in enumerate(HEADER_PLACES, 1):
        data = Header(
            signature=b"head",
            checksum=0,
            sequence=sequence,
            file_write=file_write.bytes_le,
            data_write=data_write.bytes_le,
            log_guid=NO_GUID,
            log_version=0,
            version=1,
            log_length=MIB,
            log_offset=SECTION,
        ).pack()
        section[place : place + len(data)] = data
    for place in TABLE_PLACES:
        section[place : place + len(table)] = table
    return bytes(section)


def _units(disk: Disk, offset: int, end: int, unit: int) -> Iterator[tuple[int, bytes]]:
    """Yield place and bytes of every unit of the range that is not zeros."""
    zeros, done = bytes(unit), offset
    for extent in disk.extents(offset, end - offset):
        if extent.kind is ExtentKind.ZERO:
            continue
        start = max(extent.offset // unit * unit, done)
        done = min(round_up(extent.end, unit), end)
        for at in range(start, done, _CHUNK):
            chunk = disk.read_at(at, min(_CHUNK, done - at))
            for place in range(0, len(chunk), unit):
                data = chunk[place : place + unit]
                if data != (zeros if len(data) == unit else bytes(len(data))):
                    yield at + place, data

# SPDX-License-Identifier: Apache-2.0
"""Pieces: what the encoder of one slice leaves behind until the file is assembled.

A piece is private to this package and never leaves the machine's work area. It has the grains of
the slice just as the file will have them, then its grain tables with relative places, then a
trailer; so an assembly copies the bytes unseen and only adds to the places.

    grains     markers and data of the first table, of the second …
    records    per table that has a grain: index u32, sectors of grains u32, 512 entries u32;
               an entry is one more than the sectors from the table's first grain, 0 is no grain
    trailer    magic, offset u64 and length u64 of the slice, records u32, CRC-32 of the grains u32
"""

from __future__ import annotations

import io
import struct
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from vmferry.errors import IntegrityError
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRIES: Final = 512
"""Grain table entries per grain table, as every hosted product writes it."""

_MAGIC: Final = b"vmdkpc1\0"
_TRAILER: Final = struct.Struct("<8sQQII")
_RECORD: Final = struct.Struct(f"<II{ENTRIES * 4}s")


class TableRecord:
    """One grain table of a piece.

    Args:
        index: Its number on the disk.
        sectors: Length of its grains, markers and padding included.
        entries: Relative places, see above.
    """

    __slots__ = ("entries", "index", "sectors")

    def __init__(self, index: int, sectors: int, entries: array[int]) -> None:
        self.index = index
        self.sectors = sectors
        self.entries = entries

    def pack(self) -> bytes:
        """Return the record's bytes."""
        return _RECORD.pack(self.index, self.sectors, self.entries.tobytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A finished piece.

    Attributes:
        file: Where it is.
        offset: First byte of the slice on the disk.
        length: Bytes of the slice.
        records: How many tables have a grain.
        grains: Bytes of grains, which stand first.
        crc: CRC-32 of the grains.
    """

    file: BinaryIO
    offset: int
    length: int
    records: int
    grains: int
    crc: int

    @classmethod
    def open(cls, file: BinaryIO) -> Piece:
        """Read the trailer of a piece.

        Raises:
            IntegrityError: The piece was not written to its end.
        """
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - _TRAILER.size, 0))
        data = file.read(_TRAILER.size)
        if len(data) != _TRAILER.size or not data.startswith(_MAGIC):
            raise IntegrityError(
                f"vmdk: piece of {size} bytes has no trailer",
                hint="Its slice was not encoded to the end; encode it again",
            )
        _, offset, length, records, crc = _TRAILER.unpack(data)
        grains = size - _TRAILER.size - records * _RECORD.size
        return cls(file=file, offset=offset, length=length, records=records, grains=grains, crc=crc)

    def tables(self) -> Iterator[tuple[int, TableRecord]]:
        """Yield each table and the place of its grains in the piece.

        Raises:
            IntegrityError: The tables do not account for the grains.
        """
        at = 0
        for number in range(self.records):
            self.file.seek(self.grains + number * _RECORD.size)
            index, sectors, entries = _RECORD.unpack(self.file.read(_RECORD.size))
            yield at, TableRecord(index, sectors, array("I", entries))
            at += sectors * SECTOR
        if at != self.grains:
            raise IntegrityError(f"vmdk: piece has {self.grains} bytes of grains, expected {at}")


def write_trailer(
    out: BinaryIO, records: list[TableRecord], offset: int, length: int, crc: int
) -> None:
    """Finish the piece of the slice ``offset`` … ``offset + length``."""
    out.writelines(record.pack() for record in records)
    out.write(_TRAILER.pack(_MAGIC, offset, length, len(records), crc))

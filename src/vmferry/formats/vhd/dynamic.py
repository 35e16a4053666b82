# SPDX-License-Identifier: Apache-2.0
"""Writes a dynamic VHD: only the blocks of 2 MiB that have something.

Every slice is encoded on its own, in any process; the assembly copies the pieces in order behind
the table. It goes from its first byte to its last without seeking back. Bitmaps say that all of a
block was written, as Hyper-V and qemu-img do it, and blocks stand at multiples of 4 KiB, as Hyper-V
since 2012 puts them: else every write of a guest to a disk with 4 KiB sectors is two.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006).

    copy of the footer, dynamic header (1024 bytes), block allocation table, padding with -1
    per block      padding, sector bitmap (512 bytes), 2 MiB
    footer
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from isal import isal_zlib

from vmferry.errors import FormatError, IntegrityError
from vmferry.formats._copy import copy_range
from vmferry.formats.vhd.footer import LENGTH, DiskType, check_size, make_footer
from vmferry.formats.vhd.header import HEADER_LENGTH, make_header
from vmferry.formats.vhd.identity import identity
from vmferry.formats.vhd.pieces import STORED, Piece, write_trailer
from vmferry.formats.vhd.table import UNUSED
from vmferry.model.disk import ExtentKind
from vmferry.units import KIB, MIB, SECTOR, round_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.model.disk import Disk

_BLOCK: Final = 2 * MIB
_ZEROS: Final = bytes(_BLOCK)
_PAGE: Final = 4 * KIB
_BITMAP: Final = b"\xff" * (_BLOCK // SECTOR // 8)
_LEAD: Final = bytes(_PAGE - len(_BITMAP)) + _BITMAP
_TABLE: Final = LENGTH + HEADER_LENGTH


class DynamicVhdWriter:
    """Writes one dynamic VHD.

    Args:
        size: Bytes of the disk; the file's disk has the next whole sector.

    Raises:
        FormatError: The disk is empty, or larger than 2040 GiB.
    """

    alignment = _BLOCK
    placed = False

    def __init__(self, size: int) -> None:
        check_size(size)
        self._size = size
        self._capacity = round_up(size, SECTOR)
        self._blocks = -(-size // _BLOCK)
        self._first = round_up(_TABLE + self._blocks * 4, _PAGE)

    def encode(self, disk: Disk, offset: int, length: int, out: BinaryIO) -> None:
        """Write the piece of one slice; blocks of zeros are left out."""
        end = offset + length
        if offset % _BLOCK or not offset <= end <= min(disk.size, self._size):
            raise FormatError(
                "vhd: slice",
                found=f"{offset} + {length} bytes",
                expected=f"a multiple of {_BLOCK} inside {self._size} bytes",
            )
        numbers: list[int] = []
        crc = 0
        for number, block in _stored(disk, offset, end):
            numbers.append(number)
            out.write(_LEAD)
            out.write(block)
            crc = isal_zlib.crc32(block, crc)
        write_trailer(out, numbers, offset, length, crc)

    def assemble(self, pieces: Sequence[BinaryIO], out: BinaryIO) -> None:
        """Write the file from the pieces of all slices.

        Raises:
            IntegrityError: A piece is missing, cut, or of another disk.
        """
        opened = [Piece.open(piece) for piece in pieces]
        self._check_order(opened)
        table, crc = self._table(opened)
        unique_id = identity(str(self._capacity).encode(), table, crc.to_bytes(4))
        footer = make_footer(self._capacity, DiskType.DYNAMIC, unique_id).pack()
        out.write(footer)
        out.write(make_header(_TABLE, self._blocks, _BLOCK).pack())
        out.write(table.ljust(self._first - _TABLE, b"\xff"))
        for piece in opened:
            copy_range(piece.file, 0, len(piece.numbers) * STORED, out)
        out.write(footer)

    def _check_order(self, pieces: list[Piece]) -> None:
        at = 0
        for piece in pieces:
            if piece.offset != at:
                raise IntegrityError(f"vhd: piece of byte {piece.offset}, expected that of {at}")
            at += piece.length
        if at != self._size:
            raise IntegrityError(f"vhd: pieces of {at} bytes, expected {self._size}")

    def _table(self, pieces: list[Piece]) -> tuple[bytes, int]:
        """Return the block allocation table, and the CRC-32 of all blocks."""
        entries = [UNUSED] * self._blocks
        place, crc = (self._first + _PAGE - len(_BITMAP)) // SECTOR, 0
        for piece in pieces:
            for number in piece.numbers:
                entries[number] = place
                place += STORED // SECTOR
            crc = isal_zlib.crc32_combine(crc, piece.crc, len(piece.numbers) * _BLOCK)
        return struct.pack(f">{self._blocks}I", *entries), crc


def _stored(disk: Disk, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of every block of the range that is not zero, the last one padded."""
    done = offset
    for extent in disk.extents(offset, end - offset):
        if extent.kind is ExtentKind.ZERO:
            continue
        start = max(extent.offset // _BLOCK * _BLOCK, done)
        done = max(min(round_up(extent.end, _BLOCK), end), done)
        for at in range(start, done, _BLOCK):
            block = disk.read_at(at, min(_BLOCK, done - at))
            if block != _ZEROS[: len(block)]:
                yield at // _BLOCK, block.ljust(_BLOCK, b"\0")

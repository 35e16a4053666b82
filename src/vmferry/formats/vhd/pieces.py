# SPDX-License-Identifier: Apache-2.0
"""Pieces: what the encoder of one slice of a dynamic disk leaves behind until it is assembled.

A piece is private to this package and never leaves the machine's work area.

    blocks     per block that is not zero: 4 KiB that end with its bitmap, then 2 MiB
    numbers    of the blocks on the disk, u32 each
    trailer    magic, offset u64 and length u64 of the slice, blocks u32, CRC-32 of the blocks u32
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from vmferry.errors import IntegrityError
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

STORED: Final = 4 * KIB + 2 * MIB
"""Bytes of one block with its bitmap."""

_MAGIC: Final = b"vhdpiec1"
_TRAILER: Final = struct.Struct("<8sQQII")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A finished piece.

    Attributes:
        file: Where it is.
        offset: First byte of the slice on the disk.
        length: Bytes of the slice.
        numbers: Of its blocks, which stand first in the file.
        crc: CRC-32 of the blocks, bitmaps apart.
    """

    file: BinaryIO
    offset: int
    length: int
    numbers: Sequence[int]
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
                f"vhd: piece of {size} bytes has no trailer",
                hint="Its slice was not encoded to the end; encode it again",
            )
        _, offset, length, count, crc = _TRAILER.unpack(data)
        expected = count * (STORED + 4) + _TRAILER.size
        if size != expected:
            raise IntegrityError(f"vhd: piece has {size} bytes, expected {expected}")
        file.seek(count * STORED)
        numbers = struct.unpack(f"<{count}I", file.read(count * 4))
        return cls(file=file, offset=offset, length=length, numbers=numbers, crc=crc)


def write_trailer(
    out: BinaryIO, numbers: Sequence[int], offset: int, length: int, crc: int
) -> None:
    """Finish the piece of the slice ``offset`` … ``offset + length``."""
    out.write(struct.pack(f"<{len(numbers)}I", *numbers))
    out.write(_TRAILER.pack(_MAGIC, offset, length, len(numbers), crc))

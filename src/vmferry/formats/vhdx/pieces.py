# SPDX-License-Identifier: Apache-2.0
"""Pieces: what the encoder of one slice leaves behind until the file is assembled.

A piece is private to this package and never leaves the machine's work area. It has the stored
blocks of the slice just as the file will have them, so an assembly copies them unseen.

    blocks     of the slice that are not zeros, in order
    records    per block: number u64, CRC-64 u64 of what is not zeros and where it stands
    trailer    magic, offset u64, length u64, block size u64, records u64
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from awscrt.checksums import crc64nvme  # type: ignore[import-untyped]

from vmferry.errors import IntegrityError
from vmferry.formats._copy import copy_range
from vmferry.units import MIB

_MAGIC: Final = b"vhdxpc1\0"
_TRAILER: Final = struct.Struct("<8sQQQQ")
_CHUNK: Final = 4 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A finished piece.

    Attributes:
        file: Where it is.
        offset: First byte of the slice on the disk.
        length: Bytes of the slice.
        block_size: Bytes of a block.
        blocks: How many blocks it has.
    """

    file: BinaryIO
    offset: int
    length: int
    block_size: int
    blocks: int

    @classmethod
    def open(cls, file: BinaryIO) -> Piece:
        """Read the trailer of a piece.

        Raises:
            IntegrityError: The piece was not written to its end.
        """
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - _TRAILER.size, 0))
        data = file.read(_TRAILER.size)
        if len(data) == _TRAILER.size and data.startswith(_MAGIC):
            _, offset, length, block_size, blocks = _TRAILER.unpack(data)
            if size == blocks * (block_size + 16) + _TRAILER.size:
                return cls(
                    file=file, offset=offset, length=length, block_size=block_size, blocks=blocks
                )
        raise IntegrityError(
            f"vhdx: piece of {size} bytes has no trailer",
            hint="Its slice was not encoded to the end; encode it again",
        )

    def records(self) -> bytes:
        """Return number and CRC-64 of every block, as they are stored."""
        self.file.seek(self.blocks * self.block_size)
        return self.file.read(self.blocks * 16)

    def copy_blocks(self, out: BinaryIO) -> None:
        """Append the blocks to ``out``.

        Raises:
            IntegrityError: The piece is shorter than it was.
        """
        copy_range(self.file, 0, self.blocks * self.block_size, out)


class PieceWriter:
    """Writes one piece.

    Args:
        out: Its file, empty.
        block_size: Bytes of a block.
    """

    def __init__(self, out: BinaryIO, block_size: int) -> None:
        self._out = out
        self._size = block_size
        self._records: list[tuple[int, int]] = []
        self._filled = block_size

    def add(self, at: int, data: bytes) -> None:
        """Append ``data``, which is not all zeros and ends with its block at the latest."""
        number, skip = divmod(at, self._size)
        if not self._records or self._records[-1][0] != number:
            self._fill(self._size)
            self._records.append((number, 0))
            self._filled = 0
        self._fill(skip)
        self._out.write(data)
        self._filled += len(data)
        crc = crc64nvme(at.to_bytes(8, "little"), self._records[-1][1])
        self._records[-1] = (number, crc64nvme(data, crc))

    def finish(self, offset: int, length: int) -> None:
        """Finish the piece of the slice ``offset`` … ``offset + length``."""
        self._fill(self._size)
        self._out.writelines(struct.pack("<QQ", *record) for record in self._records)
        trailer = (_MAGIC, offset, length, self._size, len(self._records))
        self._out.write(_TRAILER.pack(*trailer))

    def _fill(self, until: int) -> None:
        while self._filled < until:
            count = min(_CHUNK, until - self._filled)
            self._out.write(bytes(count))
            self._filled += count

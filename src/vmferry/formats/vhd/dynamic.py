# SPDX-License-Identifier: Apache-2.0
"""Writes a dynamic VHD: only the blocks of 2 MiB that have something.

Bitmaps say that all of a block was written, as Hyper-V and qemu-img do it, and blocks stand at
multiples of 4 KiB, as Hyper-V since 2012 puts them: else every write of a guest to a disk with 4
KiB sectors is two.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006).

    copy of the footer, dynamic header (1024 bytes), block allocation table, padding with -1
    per block      padding, sector bitmap (512 bytes), 2 MiB
    footer
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from vmferry.formats import Effort, Encoded
from vmferry.formats._blocks import content_crc, encode_blocks, stored_blocks
from vmferry.formats._writer import check_parts, check_slice
from vmferry.formats.vhd.footer import LENGTH, DiskType, check_size, make_footer
from vmferry.formats.vhd.header import HEADER_LENGTH, make_header
from vmferry.formats.vhd.identity import identity
from vmferry.formats.vhd.table import UNUSED
from vmferry.units import KIB, MIB, SECTOR, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.formats import Part, Put
    from vmferry.model.disk import Disk

_BLOCK: Final = 2 * MIB
_PAGE: Final = 4 * KIB
_BITMAP: Final = b"\xff" * (_BLOCK // SECTOR // 8)
_LEAD: Final = bytes(_PAGE - len(_BITMAP)) + _BITMAP
_TABLE: Final = LENGTH + HEADER_LENGTH


class DynamicVhdWriter:
    """Writes one dynamic VHD.

    Args:
        size: Bytes of the disk; the file's disk has the next whole sector.
        effort: Nothing is compressed.

    Raises:
        FormatError: The disk is empty, or larger than 2040 GiB.
    """

    alignment = _BLOCK

    def __init__(self, size: int, *, effort: Effort = Effort.NORMAL) -> None:
        del effort
        check_size(size)
        self._size = size
        self._capacity = round_up(size, SECTOR)
        self._blocks = -(-size // _BLOCK)

    @property
    def first(self) -> int:
        """Behind the table."""
        return round_up(_TABLE + self._blocks * 4, _PAGE)

    def encode(self, disk: Disk, offset: int, length: int, put: Put) -> Encoded:
        """Put the blocks that are not zeros."""
        check_slice("vhd", disk, offset, length, self._size, _BLOCK)
        return encode_blocks(disk, offset, length, put, block=_BLOCK, lead=_LEAD)

    def finish(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Write footer, header and table."""
        check_parts("vhd", parts, self._size)
        entries = [UNUSED] * self._blocks
        for number, place in stored_blocks(parts, len(_LEAD) + _BLOCK):
            entries[number] = (place + _PAGE - len(_BITMAP)) // SECTOR
        table = struct.pack(f">{self._blocks}I", *entries)
        crc = content_crc(parts).to_bytes(4)
        unique_id = identity(str(self._capacity).encode(), table, crc)
        footer = make_footer(self._capacity, DiskType.DYNAMIC, unique_id).pack()
        out.seek(0)
        out.write(footer)
        out.write(make_header(_TABLE, self._blocks, _BLOCK).pack())
        out.write(table.ljust(self.first - _TABLE, b"\xff"))
        out.seek(parts[-1].place + parts[-1].size)
        out.write(footer)

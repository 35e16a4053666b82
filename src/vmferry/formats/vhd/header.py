# SPDX-License-Identifier: Apache-2.0
r"""The dynamic disk header: where the block allocation table is, and how large a block.

The fields of a parent, names and locators included, are not read: a differencing disk was refused
by its footer.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006), "Dynamic Disk Header
Format". Big-endian.

    Dec  Hex  Field                                                     Type
      0  0x00 cookie "cxsparse"                                         8 bytes
      8  0x08 data offset, unused: -1                                   u64
     16  0x10 table offset: of the block allocation table               u64
     24  0x18 header version 0x00010000                                 u32
     28  0x1c max table entries: blocks of the disk                     u32
     32  0x20 block size in bytes, bitmap apart; a power of two         u32
     36  0x24 checksum: one's complement of the sum of all other bytes  u32
     40  0x28 parent: unique id, time stamp, name, locators             984 bytes
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.formats.vhd.footer import LENGTH, NOWHERE, VERSION, check_sum, with_sum
from vmferry.formats.vhd.refusal import damaged
from vmferry.units import KIB, MIB, SECTOR, TIB, round_up

if TYPE_CHECKING:
    from vmferry.formats.vhd.footers import FoundFooter
    from vmferry.model.bytes import ByteSource

HEADER_LENGTH: Final = 1024

_HEADER: Final = struct.Struct(">8sQQIIII984x")
_COOKIE: Final = b"cxsparse"
_CHECKSUM_AT: Final = 36
_SMALLEST: Final = 4 * KIB
_LARGEST: Final = 256 * MIB
_MAX_SIZE: Final = 2 * TIB
"""Entries of the table count sectors in 32 bits."""


class DynamicHeader(NamedTuple):
    """The 1024 bytes that the footer of a dynamic disk points to."""

    cookie: bytes
    data_offset: int
    table_offset: int
    version: int
    table_entries: int
    block_size: int
    checksum: int

    def pack(self) -> bytes:
        """Return the 1024 bytes, with their checksum."""
        return with_sum(_HEADER.pack(*self), _CHECKSUM_AT)

    @property
    def bitmap_size(self) -> int:
        """Bytes of the sector bitmap in front of every block."""
        return round_up(-(-self.block_size // SECTOR // 8), SECTOR)


def make_header(table_offset: int, entries: int, block_size: int) -> DynamicHeader:
    """Return the header of a disk that we write."""
    return DynamicHeader(_COOKIE, NOWHERE, table_offset, VERSION, entries, block_size, 0)


def read_header(source: ByteSource, found: FoundFooter) -> DynamicHeader:
    """Read and check the header of a dynamic disk.

    Raises:
        FormatError: It is not there, damaged, or describes a table that cannot be.
    """
    where, size = found.footer.data_offset, found.footer.virtual_size
    if not LENGTH <= where <= found.end - HEADER_LENGTH:
        raise damaged(
            "footer data offset",
            found=where,
            expected=f"a dynamic header between the copy of the footer and byte {found.end}",
        )
    data = source.read_at(where, HEADER_LENGTH)
    header = DynamicHeader._make(_HEADER.unpack(data))
    if header.cookie != _COOKIE:
        raise damaged("dynamic header cookie", where, found=header.cookie, expected=_COOKIE)
    check_sum("dynamic header", data, _CHECKSUM_AT, where)
    if header.version != VERSION:
        text, expected = f"{header.version:#010x}", f"{VERSION:#010x}"
        raise damaged("dynamic header version", where + 24, found=text, expected=expected)
    block = header.block_size
    if not _SMALLEST <= block <= _LARGEST or block & (block - 1):
        expected = f"a power of two from {_SMALLEST} to {_LARGEST}"
        raise damaged("dynamic header block size", where + 32, found=block, expected=expected)
    if size > _MAX_SIZE:
        raise damaged("size of the disk", found=size, expected=f"at most {_MAX_SIZE} if dynamic")
    _check_table(header, -(-size // block), where, found.end)
    return header


def _check_table(header: DynamicHeader, entries: int, where: int, end: int) -> None:
    if header.table_entries < entries:
        raise damaged(
            "dynamic header max table entries",
            where + 28,
            found=header.table_entries,
            expected=f"at least {entries}, the blocks of the disk",
        )
    first, last = header.table_offset, header.table_offset + entries * 4
    apart = last <= where or first >= where + HEADER_LENGTH
    if first < LENGTH or last > end or not apart:
        raise damaged(
            "block allocation table",
            first,
            found=f"{entries} entries",
            expected=f"apart from the footer's copy and the header, before byte {end}",
        )

# SPDX-License-Identifier: Apache-2.0
"""Writes a dynamic VHDX with an empty log.

Blocks stand in the order of the disk, so that a reader's ranges stay ranges of the file. The GUIDs
come from the content, so equal disks give equal files, in whatever slices they were encoded.

Source: [MS-VHDX] 2.1 "Layout"; 2.5.1.1: of the states only ZERO promises zeros.

    0      file identifier, headers, region tables
    1 MiB  log, empty
    2 MiB  metadata
    3 MiB  block allocation table, in whole MiB
           blocks
"""

from __future__ import annotations

import struct
from array import array
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final
from uuid import UUID

from vmferry.formats import Effort, Encoded
from vmferry.formats._blocks import content_crc, encode_blocks, stored_blocks
from vmferry.formats._writer import check_parts, check_slice
from vmferry.formats.vhdx.header import (
    HEADER_PLACES,
    IDENTIFIER,
    NO_GUID,
    SECTION,
    Header,
)
from vmferry.formats.vhdx.metadata import Metadata, check_metadata, pack_metadata
from vmferry.formats.vhdx.regions import TABLE_PLACES, Region, pack_regions
from vmferry.formats.vhdx.table import FULLY_PRESENT, ZERO
from vmferry.units import MIB, SECTOR, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.formats import Part, Put
    from vmferry.model.disk import Disk

_MOST_BLOCKS: Final = 1 << 20
"""Blocks are 1 MiB, which suits Linux best by Microsoft's advice, until the table has 8 MiB."""

_PHYSICAL: Final = 4096
_CREATOR: Final = "vmferry".encode("utf-16-le")


class VhdxWriter:
    """Writes one dynamic VHDX.

    Args:
        size: Bytes of the disk; the file says the next whole sector.
        effort: Nothing is compressed.

    Raises:
        FormatError: The disk is empty or larger than 64 TiB.
    """

    def __init__(self, size: int, *, effort: Effort = Effort.NORMAL) -> None:
        del effort
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

    @property
    def first(self) -> int:
        """Behind the table."""
        return self._bat.end

    @property
    def _bat(self) -> Region:
        return Region("", 3 * MIB, round_up(self._metadata.table_entries * 8, MIB))

    def encode(self, disk: Disk, offset: int, length: int, put: Put) -> Encoded:
        """Put the blocks that are not zeros."""
        check_slice("vhdx", disk, offset, length, self._size, self.alignment)
        return encode_blocks(disk, offset, length, put, block=self.alignment)

    def finish(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Write headers, metadata and table."""
        check_parts("vhdx", parts, self._size)
        table = self._table(parts)
        content = sha256(table + content_crc(parts).to_bytes(4)).digest()
        file_write, data_write, disk_id = (
            self._guid(name, content) for name in ("file", "data", "disk")
        )
        regions = pack_regions(self._bat, Region("", 2 * MIB, MIB))
        out.seek(0)
        out.write(_header_section(file_write, data_write, regions))
        out.write(bytes(MIB))
        out.write(pack_metadata(self._metadata._replace(disk_id=disk_id), MIB))
        out.write(table.ljust(self._bat.length, b"\0"))
        out.truncate(parts[-1].place + parts[-1].size)

    def _guid(self, name: str, content: bytes) -> UUID:
        text = f"vmferry vhdx {name} {self._metadata.size}".encode()
        return UUID(bytes=sha256(text + content).digest()[:16], version=5)

    def _table(self, parts: Sequence[Part]) -> bytes:
        chunk = self._metadata.chunk_blocks
        entries = array("Q", [ZERO]) * self._metadata.table_entries
        for bitmap in range(chunk, len(entries), chunk + 1):
            entries[bitmap] = 0
        for number, place in stored_blocks(parts, self.alignment):
            entries[number + number // chunk] = place | FULLY_PRESENT
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

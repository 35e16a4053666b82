# SPDX-License-Identifier: Apache-2.0
"""The metadata: block size, virtual size, sector sizes and the identity of the disk.

Items are found by GUID. A parent locator holds paths of the host that wrote it (the class of
CVE-2024-32498), so it is a reason to refuse and is never read.

Source: [MS-VHDX] 2.6 "Metadata Region".

    Dec  Hex  Name
      0  0x00 signature, "metadata"
     10  0x0a entry count, u16, at most 2047
     32  0x20 entries of 32 bytes
              item id GUID, offset u32, length u32, flags u32, reserved u32
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from vmferry.formats.vhdx.refusal import damaged, differencing, unsupported
from vmferry.units import KIB, MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.formats.vhdx.regions import Region
    from vmferry.model.bytes import ByteSource

FILE_PARAMETERS: Final = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
VIRTUAL_DISK_SIZE: Final = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
PAGE_83: Final = UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
LOGICAL_SECTOR: Final = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
PHYSICAL_SECTOR: Final = UUID("cda348c7-445d-4471-9cc9-e9885251c556")
PARENT_LOCATOR: Final = UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")

TABLE_SIZE: Final = 64 * KIB
MAX_SIZE: Final = 64 * TIB
SECTORS_PER_CHUNK: Final = 1 << 23
"""Sectors that one sector bitmap block of 1 MiB tells about."""

_HEAD: Final = struct.Struct("<8s2xH20x")
_ENTRY: Final = struct.Struct("<16sIIII")
_MOST: Final = 2047
_USER, _VIRTUAL_DISK, _REQUIRED = 1, 2, 4
_HAS_PARENT: Final = 2
_WINDOW: Final = 128 * KIB
"""Table and items as every known writer places them: one read."""

_FORMS: Final = {
    FILE_PARAMETERS: "<II",
    VIRTUAL_DISK_SIZE: "<Q",
    PAGE_83: "<16s",
    LOGICAL_SECTOR: "<I",
    PHYSICAL_SECTOR: "<I",
}


class Metadata(NamedTuple):
    """What the reader needs to know.

    Attributes:
        block_size: Bytes of one payload block.
        size: Bytes of the virtual disk.
        logical_sector: 512 or 4096 bytes.
        physical_sector: 512 or 4096 bytes.
        disk_id: The identity of the disk that guests see (SCSI page 83).
    """

    block_size: int
    size: int
    logical_sector: int
    physical_sector: int
    disk_id: UUID

    @property
    def blocks(self) -> int:
        """Payload blocks of the disk."""
        return -(-self.size // self.block_size)

    @property
    def chunk_blocks(self) -> int:
        """Payload blocks in front of every sector bitmap entry of the table."""
        return SECTORS_PER_CHUNK * self.logical_sector // self.block_size

    @property
    def table_entries(self) -> int:
        """Entries of the block allocation table of a disk without a parent."""
        return self.blocks + (self.blocks - 1) // self.chunk_blocks


def read_metadata(source: ByteSource, region: Region) -> Metadata:
    """Read and check the metadata.

    Raises:
        FormatError: An item is missing, damaged, or required and unknown; the disk has a parent.
    """
    window = source.read_at(region.offset, min(region.length, _WINDOW))
    values: dict[UUID, tuple[int, ...]] = {}
    disk_id = UUID(int=0)
    for guid, offset, length in _items(window, region):
        if guid == PARENT_LOCATOR:
            raise differencing()
        form = struct.Struct(_FORMS[guid])
        if length != form.size:
            raise damaged(
                f"metadata item {guid}",
                region.offset + offset,
                found=f"{length} bytes",
                expected=form.size,
            )
        data = window[offset : offset + length]
        if len(data) < length:
            data = source.read_at(region.offset + offset, length)
        if guid == PAGE_83:
            disk_id = UUID(bytes_le=data)
        else:
            values[guid] = form.unpack(data)
    for guid in _FORMS:
        if guid != PAGE_83 and guid not in values:
            raise damaged("metadata", region.offset, found=f"no item {guid}")
    block_size, flags = values[FILE_PARAMETERS]
    if flags & _HAS_PARENT:
        raise differencing()
    (size,), (logical,) = values[VIRTUAL_DISK_SIZE], values[LOGICAL_SECTOR]
    metadata = Metadata(block_size, size, logical, values[PHYSICAL_SECTOR][0], disk_id)
    check_metadata(metadata)
    return metadata


def check_metadata(metadata: Metadata) -> None:
    """Refuse sizes that the specification does not allow."""
    block = metadata.block_size
    if not MIB <= block <= 256 * MIB or block & (block - 1):
        raise damaged("block size", found=block, expected="a power of two, 1 MiB to 256 MiB")
    for name in ("logical", "physical"):
        sector = getattr(metadata, f"{name}_sector")
        if sector not in {512, 4096}:
            raise damaged(f"{name} sector size", found=sector, expected="512 or 4096")
    if not 0 < metadata.size <= MAX_SIZE or metadata.size % metadata.logical_sector:
        raise damaged(
            "virtual disk size",
            found=metadata.size,
            expected=f"whole sectors of {metadata.logical_sector}, at most 64 TiB",
        )


def pack_metadata(metadata: Metadata, length: int) -> bytes:
    """Return the region of ``length`` bytes."""
    items = (
        (FILE_PARAMETERS, _REQUIRED, (metadata.block_size, 0)),
        (VIRTUAL_DISK_SIZE, _REQUIRED | _VIRTUAL_DISK, (metadata.size,)),
        (PAGE_83, _REQUIRED | _VIRTUAL_DISK, (metadata.disk_id.bytes_le,)),
        (LOGICAL_SECTOR, _REQUIRED | _VIRTUAL_DISK, (metadata.logical_sector,)),
        (PHYSICAL_SECTOR, _REQUIRED | _VIRTUAL_DISK, (metadata.physical_sector,)),
    )
    table, data = _HEAD.pack(b"metadata", len(items)), b""
    for guid, flags, values in items:
        item = struct.pack(_FORMS[guid], *values)
        table += _ENTRY.pack(guid.bytes_le, TABLE_SIZE + len(data), len(item), flags, 0)
        data += item
    return (table.ljust(TABLE_SIZE, b"\0") + data).ljust(length, b"\0")


def _items(window: bytes, region: Region) -> Iterator[tuple[UUID, int, int]]:
    """Yield id, offset in the region and length of every known item."""
    signature, count = _HEAD.unpack_from(window)
    if signature != b"metadata":
        raise damaged("metadata signature", region.offset, found=signature, expected=b"metadata")
    if count > _MOST:
        raise damaged("metadata entries", region.offset + 10, found=count, expected=_MOST)
    seen = set()
    for number in range(count):
        at = _HEAD.size + number * _ENTRY.size
        stored, offset, length, flags, _ = _ENTRY.unpack_from(window, at)
        guid, where = UUID(bytes_le=stored), region.offset + at
        if (stored, flags & _USER) in seen:
            raise damaged("metadata", where, found=f"item {guid} twice")
        seen.add((stored, flags & _USER))
        if length and not TABLE_SIZE <= offset <= region.length - length:
            raise damaged(
                f"metadata item {guid}",
                where,
                found=f"{length} bytes at {offset}",
                expected=f"{TABLE_SIZE} to {region.length}",
            )
        if not flags & _USER and (guid in _FORMS or guid == PARENT_LOCATOR):
            yield guid, offset, length
        elif flags & _REQUIRED:
            raise unsupported("required metadata item that is unknown", where=where, found=guid)

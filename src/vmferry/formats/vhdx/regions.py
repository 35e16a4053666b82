# SPDX-License-Identifier: Apache-2.0
"""The region table: where the block allocation table and the metadata are. It has a copy.

Source: [MS-VHDX] 2.2.3 "Region Table".

    At        Dec  Hex  Name
    192 KiB     0  0x00 signature, "regi"
    256 KiB     4  0x04 checksum, CRC-32C of 64 KiB
                8  0x08 entry count, u32, at most 2047
               16  0x10 entries of 32 bytes
                        GUID, file offset u64, length u32, required u32
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from vmferry.formats.vhdx.checksum import is_intact, sealed
from vmferry.formats.vhdx.header import SECTION
from vmferry.formats.vhdx.refusal import damaged, unsupported
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.formats.vhdx.header import Header
    from vmferry.model.bytes import ByteSource

TABLE_PLACES: Final = (192 * KIB, 256 * KIB)
TABLE_SIZE: Final = 64 * KIB
BAT: Final = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
METADATA: Final = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")

_HEAD: Final = struct.Struct("<4sIII")
_ENTRY: Final = struct.Struct("<16sQII")
_MOST: Final = 2047


class Region(NamedTuple):
    """A range of the file that is no payload."""

    name: str
    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.length


class Regions(NamedTuple):
    """What the table says.

    Attributes:
        bat: The block allocation table.
        metadata: The metadata.
        taken: Every range where no payload may be, in order.
        warnings: Whether the copy had to be used.
    """

    bat: Region
    metadata: Region
    taken: tuple[Region, ...]
    warnings: tuple[str, ...]


def read_regions(source: ByteSource, header: Header) -> Regions:
    """Read the table, or its copy if it is damaged.

    Args:
        source: The file, its log replayed.
        header: The current header.

    Raises:
        FormatError: Both copies are damaged, a region is outside the file or lies over another,
            or a required one is unknown.
    """
    first, last = TABLE_PLACES
    data = source.read_at(first, last + TABLE_SIZE - first)
    copies = (data[:TABLE_SIZE], data[-TABLE_SIZE:])
    intact = [copy.startswith(b"regi") and is_intact(copy) for copy in copies]
    if not any(intact):
        raise damaged("region table", first, found="no copy with a right checksum")
    at = intact.index(True)
    found = _parse(copies[at], TABLE_PLACES[at])
    for guid, name in ((BAT, "block allocation table"), (METADATA, "metadata")):
        if guid not in found:
            raise damaged("region table", TABLE_PLACES[at], found=f"no {name}")
    taken = [Region("headers", 0, SECTION), *found.values()]
    if header.log_length:
        taken.append(Region("log", header.log_offset, header.log_length))
    taken.sort(key=lambda region: region.offset)
    _check_places(taken, source.size)
    warnings = () if all(intact) else ("vhdx: region table: one copy is damaged",)
    return Regions(found[BAT], found[METADATA], tuple(taken), warnings)


def pack_regions(bat: Region, metadata: Region) -> bytes:
    """Return one copy of the table."""
    entries = [
        _ENTRY.pack(guid.bytes_le, region.offset, region.length, 1)
        for guid, region in ((BAT, bat), (METADATA, metadata))
    ]
    head = _HEAD.pack(b"regi", 0, len(entries), 0)
    return sealed(b"".join([head, *entries]).ljust(TABLE_SIZE, b"\0"))


def _parse(data: bytes, where: int) -> dict[UUID, Region]:
    count = _HEAD.unpack_from(data)[2]
    if count > _MOST:
        raise damaged("region table entries", where + 8, found=count, expected=f"at most {_MOST}")
    names = {BAT: "block allocation table", METADATA: "metadata"}
    found: dict[UUID, Region] = {}
    for number in range(count):
        at = _HEAD.size + number * _ENTRY.size
        stored, offset, length, required = _ENTRY.unpack_from(data, at)
        guid = UUID(bytes_le=stored)
        if guid in found:
            raise damaged("region table", where + at, found=f"region {guid} twice")
        if guid not in names and required & 1:
            raise unsupported("required region that is unknown", where=where + at, found=guid)
        found[guid] = Region(names.get(guid, f"region {guid}"), offset, length)
    return found


def _check_places(taken: Sequence[Region], size: int) -> None:
    for region in taken:
        if (
            region.offset % MIB
            or region.length % MIB
            or not 0 < region.length <= size - region.offset
        ):
            raise damaged(
                region.name,
                found=f"{region.length} bytes at {region.offset}",
                expected=f"whole MiB inside {size} bytes",
            )
    for before, after in pairwise(taken):
        if before.end > after.offset:
            raise damaged(
                after.name, found=f"byte {after.offset}", expected=f"behind the {before.name}"
            )

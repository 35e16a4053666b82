# SPDX-License-Identifier: Apache-2.0
"""GPT: a table of GUIDs behind a protective MBR, read by libvsgpt.

A GPT counts only if the MBR protects it, as the Linux kernel has it: a disk that was partitioned
anew by an old tool keeps the dead GPT of its former life. The names of partitions, which libvsgpt
does not tell, are read here, and only from the first of the two tables: they are worth no more.

    Dec  Hex  Header, in the second sector        Dec  Hex  Entry
      0  0x00 "EFI PART"                           56  0x38 PartitionName  UTF-16LE, 72 bytes
     72  0x48 PartitionEntryLBA        u64
     80  0x50 NumberOfPartitionEntries u32
     84  0x54 SizeOfPartitionEntry     u32

Source: UEFI Specification 2.10, sections 5.2.3 and 5.3.
"""

from __future__ import annotations

import codecs
import struct
from typing import TYPE_CHECKING, Final

import pyvsgpt

from vmferry.guest.volumes import Table
from vmferry.model.guest import Partition
from vmferry.units import KIB, SECTOR

if TYPE_CHECKING:
    from vmferry.guest.window import Window

PROTECTIVE: Final = 0xEE
TYPE_OFFSETS: Final = tuple(446 + slot * 16 + 4 for slot in range(4))
MOST_PARTITIONS: Final = 256
MOST_TABLE: Final = 1 << 20
"""Bytes of the entries; 128 of 128 bytes are usual, Linux reads at most 4 MiB."""

SECTOR_SIZES: Final = (SECTOR, 4 * KIB)
HEADER: Final = b"EFI PART"
TABLE: Final = struct.Struct("<QII")
TABLE_OFFSET: Final = 72
ENTRY_SIZES: Final = range(128, 4 * KIB + 1)
NAME: Final = slice(56, 128)


def read(disk: Window, index: int) -> tuple[Partition, ...] | None:
    """Return the partitions of a GPT disk, or ``None`` when no MBR protects a GPT."""
    sector = disk.peek(0, SECTOR)
    if sector[510:512] != b"\x55\xaa" or all(sector[at] != PROTECTIVE for at in TYPE_OFFSETS):
        return None
    _check_sizes(disk)
    volume = pyvsgpt.volume()
    volume.open_file_object(disk)
    entries = [
        volume.get_partition(position)
        for position in range(min(volume.number_of_partitions, MOST_PARTITIONS))
    ]
    found = labels(disk)
    return tuple(
        Partition(
            disk=index,
            number=entry.entry_index + 1,
            offset=entry.volume_offset,
            size=entry.size,
            kind=str(entry.type_identifier).lower(),
            partuuid=str(entry.identifier).lower(),
            partlabel=found.get(entry.entry_index, ""),
        )
        for entry in entries
    )


def labels(disk: Window) -> dict[int, str]:
    """Return the names of the partitions by their places in the table."""
    for sector_size in SECTOR_SIZES:
        header = disk.peek(sector_size, SECTOR)
        if len(header) == SECTOR and header.startswith(HEADER):
            first, count, entry_size = TABLE.unpack_from(header, TABLE_OFFSET)
            if entry_size not in ENTRY_SIZES:
                return {}
            count = min(count, MOST_PARTITIONS)
            table = disk.peek(first * sector_size, count * entry_size)
            names = (table[at : at + entry_size][NAME] for at in range(0, len(table), entry_size))
            return {place: _text(name) for place, name in enumerate(names)}
    return {}


def _text(name: bytes) -> str:
    # bytes.decode would import the codec when it is first asked for, which the sandbox forbids.
    return codecs.utf_16_le_decode(name, "replace")[0].partition("\0")[0]


def _check_sizes(disk: Window) -> None:
    """Refuse a table that libvsgpt would read whole: it believes what the header says of its size.

    Found by the fuzzer: four entries of 16 MiB each took 190 MiB.
    """
    for sector in SECTOR_SIZES:
        for offset in (sector, max(disk.size - sector, 0)):
            header = disk.peek(offset, SECTOR)
            if len(header) == SECTOR and header.startswith(HEADER):
                _, count, length = TABLE.unpack_from(header, TABLE_OFFSET)
                if count * length > MOST_TABLE:
                    raise ValueError(f"gpt: {count} entries of {length} bytes at byte {offset}")


VOLUMES = Table(name="gpt", rank=0, read=read)

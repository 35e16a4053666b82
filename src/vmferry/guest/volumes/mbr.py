# SPDX-License-Identifier: Apache-2.0
"""MBR: four primary partitions, one of which may hold a chain of logical ones.

libvsmbr follows the chain; the numbers that Linux gives partitions (primary: the slot, logical:
from 5 in the chain's order) come from the four slots, which libvsmbr does not tell.

Source: UEFI Specification 2.10, section 5.2.1 (Legacy MBR).

    Dec  Hex    MBR field
      0  0x000  boot code                 440 bytes
    440  0x1B8  disk signature            u32
    446  0x1BE  partition record          4 times 16 bytes
    510  0x1FE  signature 0x55 0xAA

    Dec  Hex    Partition record field
      0  0x00   boot indicator            0x80 active, 0x00 otherwise
      4  0x04   type                      u8
      8  0x08   starting sector           u32
     12  0x0C   sectors                   u32
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import pyvsmbr

from vmferry.guest.volumes import Table
from vmferry.model.guest import Partition
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from vmferry.guest.window import Window

SIGNATURE_OFFSET: Final = 440
RECORDS_OFFSET: Final = 446
RECORD: Final = struct.Struct("<B3xB3xII")
SIGNATURE: Final = b"\x55\xaa"
INDICATORS: Final = (0x00, 0x80)
EXTENDED: Final = (0x05, 0x0F, 0x85)
FIRST_LOGICAL: Final = 5
MOST_PARTITIONS: Final = 256


class Record(NamedTuple):
    """One of the four primary partition records."""

    indicator: int
    type: int
    start_sectors: int
    size_sectors: int

    @property
    def used(self) -> bool:
        """Whether the record describes a partition."""
        return self.type != 0 and self.size_sectors > 0


def records(sector: bytes) -> tuple[Record, ...]:
    """Return the four records of a disk's first sector; empty when it is no partition table.

    A FAT or NTFS boot sector has the same signature; its boot code lies where the boot indicators
    would be, so they are neither 0x00 nor 0x80 (the Linux kernel tells them apart the same way).
    """
    if len(sector) < SECTOR or sector[510:512] != SIGNATURE:
        return ()
    found = tuple(
        Record(*RECORD.unpack_from(sector, RECORDS_OFFSET + slot * RECORD.size))
        for slot in range(4)
    )
    if any(record.indicator not in INDICATORS for record in found):
        return ()
    return found if any(record.used for record in found) else ()


def read(disk: Window, index: int) -> tuple[Partition, ...] | None:
    """Return the partitions of an MBR disk, or ``None`` when there is no MBR."""
    sector = disk.peek(0, SECTOR)
    slots = records(sector)
    if not slots:
        return None
    (signature,) = struct.unpack_from("<I", sector, SIGNATURE_OFFSET)
    numbers = {
        slot.start_sectors * SECTOR: number
        for number, slot in enumerate(slots, 1)
        if slot.used and slot.type not in EXTENDED
    }
    volume = pyvsmbr.volume()
    volume.open_file_object(disk)
    found = []
    logical = FIRST_LOGICAL
    for position in range(min(volume.number_of_partitions, MOST_PARTITIONS)):
        entry = volume.get_partition(position)
        number = numbers.pop(entry.volume_offset, 0)
        if number == 0:
            number, logical = logical, logical + 1
        found.append(
            Partition(
                disk=index,
                number=number,
                offset=entry.volume_offset,
                size=entry.size,
                kind=f"{entry.type:#04x}",
                partuuid=f"{signature:08x}-{number:02x}" if signature else "",
            )
        )
    return tuple(found)


VOLUMES = Table(name="mbr", rank=1, read=read)

# SPDX-License-Identifier: Apache-2.0
"""The label of a physical volume, and the newest copy of its group's metadata on it.

The metadata text lies in a ring: it is written behind its predecessor, and goes on after the area's
header when the area ends. Its checksum is a CRC-32 that begins with another value and is not
inverted.

    Dec  Hex  Label (in one of the first four sectors)    Type
      0  0x00 "LABELONE"                                  8 bytes
      8  0x08 sector number                               u64
     16  0x10 checksum of what follows in the sector      u32
     20  0x14 offset of the physical volume header        u32
     24  0x18 "LVM2 001"                                  8 bytes

    Dec  Hex  Physical volume header
      0  0x00 UUID                                        32 characters
     32  0x20 size of the device                          u64
     40  0x28 data areas, then metadata areas: offset and size, u64 each; each list ends with zeros

    Dec  Hex  Metadata area header
      0  0x00 checksum of the next 508 bytes              u32
      4  0x04 " LVM2 x[5A%r0N*>"                          16 bytes
     20  0x14 version, 1                                  u32
     24  0x18 offset of the area                          u64
     32  0x20 size of the area                            u64
     40  0x28 text: offset in the area, size, checksum, flags (1: ignore)   u64 u64 u32 u32
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from vmferry.guest.window import Window

LABEL: Final = struct.Struct("<8sQII8s")
HEADER: Final = struct.Struct("<32sQ")
AREA: Final = struct.Struct("<QQ")
METADATA: Final = struct.Struct("<I16sIQQQQII")

LABEL_SECTORS: Final = 4
AREA_MAGIC: Final = b" LVM2 x[5A%r0N*>"
AREA_HEADER: Final = 512
IGNORED: Final = 1
FIRST_CRC: Final = 0xF597A6CF
MOST_AREAS: Final = 8
LONGEST_TEXT: Final = MIB
"""The areas that vgcreate makes have 1 MiB, and hold at least two texts."""


class PhysicalVolume(NamedTuple):
    """One member of a group.

    Attributes:
        uuid: Without hyphens.
        texts: The metadata of its group, one per metadata area; a volume can have none.
        damage: Why there is no text of an area that has one, in words.
    """

    uuid: str
    texts: tuple[str, ...]
    damage: tuple[str, ...] = ()


def checksum(data: bytes) -> int:
    """Return LVM's own checksum of ``data``."""
    return ~zlib.crc32(data, ~FIRST_CRC & 0xFFFFFFFF) & 0xFFFFFFFF


def read(window: Window) -> PhysicalVolume | None:
    """Return the physical volume in ``window``, or ``None`` if its label is damaged."""
    for number in range(LABEL_SECTORS):
        sector = window.peek(number * SECTOR, SECTOR)
        if len(sector) < SECTOR:
            return None
        magic, at, crc, offset, kind = LABEL.unpack_from(sector)
        if magic == b"LABELONE" and kind == b"LVM2 001":
            if (at, crc) != (number, checksum(sector[20:])):
                return None
            return _header(window, sector, offset)
    return None


def _header(window: Window, sector: bytes, offset: int) -> PhysicalVolume | None:
    if not LABEL.size <= offset <= SECTOR - HEADER.size:
        return None
    uuid, _ = HEADER.unpack_from(sector, offset)
    lists: list[list[tuple[int, int]]] = [[]]
    for at in range(offset + HEADER.size, SECTOR - AREA.size + 1, AREA.size):
        start, size = AREA.unpack_from(sector, at)
        if start == 0 and len(lists) == 2:
            break
        if start == 0:
            lists.append([])
        else:
            lists[-1].append((start, size))
    areas = lists[1][:MOST_AREAS] if len(lists) > 1 else []
    texts: list[str] = []
    damage: list[str] = []
    for start, size in areas:
        try:
            texts.append(_text(window, start, size))
        except ValueError as error:
            damage.append(str(error))
    return PhysicalVolume(
        uuid.decode("latin-1"), tuple(text for text in texts if text), tuple(damage)
    )


def _text(window: Window, start: int, size: int) -> str:
    """Return the text of one metadata area, ``""`` if there is none or it is damaged.

    Raises:
        ValueError: It is longer than any that is read.
    """
    header = window.peek(start, AREA_HEADER)
    if len(header) < AREA_HEADER:
        return ""
    crc, magic, version, _, _, offset, length, text_crc, flags = METADATA.unpack_from(header)
    if magic != AREA_MAGIC or version != 1 or crc != checksum(header[4:]):
        return ""
    if flags & IGNORED or not AREA_HEADER <= offset < size or not 0 < length <= size - AREA_HEADER:
        return ""
    if length > LONGEST_TEXT:
        raise ValueError(f"found {length} bytes of LVM metadata, expected at most {LONGEST_TEXT}")
    first = min(length, size - offset)
    text = window.peek(start + offset, first)
    text += window.peek(start + AREA_HEADER, length - first)
    if len(text) < length or checksum(text) != text_crc:
        return ""
    return text.decode("utf-8", "replace").rstrip("\0")

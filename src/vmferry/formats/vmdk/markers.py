# SPDX-License-Identifier: Apache-2.0
"""Markers: what stands before every grain and every table of a stream-optimized VMDK.

Source: VMware, Virtual Disk Format 5.0 (2011), "Markers". Little-endian.

    Dec  Hex  Field of a metadata marker (one sector)                     Type
      0  0x00 sectors of metadata that follow                             u64
      8  0x08 0                                                           u32
     12  0x0c 0 end of stream, 1 grain table, 2 grain directory, 3 footer u32
     16  0x10 zeros                                                       496 bytes

    Dec  Hex  Field of a grain marker                                     Type
      0  0x00 first sector of the grain on the disk                       u64
      8  0x08 bytes of deflated data that follow, never 0                 u32
     12  0x0c the data, then zeros up to the next sector
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

from vmferry.units import SECTOR

GRAIN_MARKER: Final = struct.Struct("<QI")
"""First sector of the grain, bytes of deflated data."""

_METADATA: Final = struct.Struct("<QII496x")
_HEAD: Final = struct.Struct("<QII")


class MarkerKind(IntEnum):
    """What a metadata marker announces."""

    END_OF_STREAM = 0
    GRAIN_TABLE = 1
    GRAIN_DIRECTORY = 2
    FOOTER = 3


def pack_marker(kind: MarkerKind, sectors: int) -> bytes:
    """Return the sector that announces ``sectors`` of metadata."""
    return _METADATA.pack(sectors, 0, kind)


def unpack_marker(data: bytes | bytearray | memoryview) -> tuple[int, int, int]:
    """Return value, size and kind of the marker at the start of ``data``.

    A size other than 0 is a grain's: the value is then its first sector, the kind means nothing.
    """
    value, size, kind = _HEAD.unpack_from(data)
    return value, size, kind


def padding(length: int) -> bytes:
    """Return the zeros that fill ``length`` bytes up to a whole sector."""
    return bytes(-length % SECTOR)

# SPDX-License-Identifier: Apache-2.0
"""Where one block is stored, and how its bytes are coded there.

Dec  Hex  Entry field (64 bytes)                                   Type
0  0x00 SHA-256 of the block's 512 KiB                           32 bytes
32  0x20 segment id; all zero: the block is absent (zeros)        16 bytes
48  0x30 offset in the segment, bytes                             u32 little-endian
52  0x34 stored length, bytes                                     u32 little-endian
56  0x38 coding: 0 plain, 1 zstd                                  u32 little-endian
60  0x3c reserved, zero                                           u32
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from vmferry.errors import IntegrityError
from vmferry.units import BLOCK

ENTRY: Final = struct.Struct("<32s16sIII4x")

PLAIN: Final = 0
ZSTD: Final = 1

NO_SEGMENT: Final = bytes(16)

ZERO_BLOCK: Final = bytes(BLOCK)


class Location(NamedTuple):
    """One entry of a block map."""

    digest: bytes
    segment: bytes
    offset: int
    length: int
    coding: int

    def pack(self) -> bytes:
        """Return the 64 bytes of the entry."""
        return ENTRY.pack(*self)

    @property
    def absent(self) -> bool:
        """Whether the block is all zeros and stored nowhere."""
        return self.segment == NO_SEGMENT


ABSENT: Final = Location(bytes(32), NO_SEGMENT, 0, 0, PLAIN)
"""The entry of a block that is all zeros."""


def unpack(data: bytes, offset: int, where: str) -> Location:
    """Return the entry at ``offset`` of ``data``.

    Raises:
        IntegrityError: The entry cannot have been written by us.
    """
    location = Location(*ENTRY.unpack_from(data, offset))
    if location.length > BLOCK or location.coding not in (PLAIN, ZSTD):
        raise IntegrityError(
            f"{where}: entry has length {location.length} and coding {location.coding}, "
            f"expected at most {BLOCK} and 0 or 1"
        )
    return location


def segment_key(segment: bytes) -> str:
    """Return the key of a segment in the block store: 256 folders keep listings short."""
    name = segment.hex()
    return f"segments/{name[:2]}/{name}"

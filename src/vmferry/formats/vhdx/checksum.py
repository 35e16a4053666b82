# SPDX-License-Identifier: Apache-2.0
"""CRC-32C over a structure whose own checksum, the second 32-bit field, counts as zero.

Headers, region tables and log entries all have it there. The library is google_crc32c: awscrt,
which the API has anyway, takes 80 ms to load, longer than the conversion of a small disk.

Source: [MS-VHDX] 2.2.2, 2.2.3.1, 2.3.1.1.
"""

from __future__ import annotations

import struct
from typing import Final

import google_crc32c

_FIELD: Final = struct.Struct("<4xI")


def checksum(data: bytes) -> int:
    """Return what the checksum field of the structure ``data`` has to be."""
    crc: int = google_crc32c.value(data[:4] + bytes(4) + data[_FIELD.size :])
    return crc


def is_intact(data: bytes) -> bool:
    """Say whether the checksum field of ``data`` is right."""
    stored: int = _FIELD.unpack_from(data)[0]
    return stored == checksum(data)


def sealed(data: bytes) -> bytes:
    """Return ``data`` with its checksum in place."""
    return data[:4] + checksum(data).to_bytes(4, "little") + data[8:]

# SPDX-License-Identifier: Apache-2.0
r"""The sections of a unified kernel image, a PE program for UEFI that carries its command line.

    Dec  Hex   Field
     60  0x3c  place of "PE\0\0"               u32; the COFF header is behind it
      2  0x02  COFF: number of sections       u16
     16  0x10  COFF: bytes of what is between it and the sections, u16
      0  0x00  section: name                  8 bytes
      8  0x08  section: bytes that count      u32
     16  0x10  section: bytes in the file     u32
     20  0x14  section: place in the file     u32

Sources: Microsoft, PE Format; UAPI.5 Unified Kernel Images.
"""

from __future__ import annotations

import struct
from typing import Final

COFF: Final = 24
SECTION: Final = 40
MOST_SECTIONS: Final = 96
LONGEST: Final = 16 * 1024
WANTED: Final = (".osrel", ".cmdline", ".uname")


def sections(head: bytes) -> dict[str, str]:
    """Return the texts of the wanted sections, as far as they lie in a program's first bytes."""
    found: dict[str, str] = {}
    try:
        (start,) = struct.unpack_from("<I", head, 60)
        if head[:2] != b"MZ" or head[start : start + 4] != b"PE\0\0":
            return {}
        (count,) = struct.unpack_from("<H", head, start + 6)
        (optional,) = struct.unpack_from("<H", head, start + 20)
        for number in range(min(count, MOST_SECTIONS)):
            at = start + COFF + optional + number * SECTION
            raw, size, stored, place = struct.unpack_from("<8sI4xII", head, at)
            name = raw.rstrip(b"\0").decode("ascii", "replace")
            data = head[place : place + min(size, stored, LONGEST)]
            if name in WANTED and data:
                found[name] = data.rstrip(b"\0").decode("utf-8", "replace").strip()
    except struct.error:
        return found
    return found

# SPDX-License-Identifier: Apache-2.0
"""What is free on a Btrfs, as its super block has it.

Data that is kept twice uses twice the bytes, so less can be written than this if it is.

    Dec  Hex  Super block
    112  0x70 total_bytes   u64
    120  0x78 bytes_used    u64

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "Superblock".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vmferry.guest.filesystems.btrfs.superblock import OFFSET

if TYPE_CHECKING:
    from vmferry.guest.window import Window

_STRUCT: Final = struct.Struct("<112xQQ")


def free(window: Window) -> int | None:
    """Return the bytes that nothing uses."""
    data = window.peek(OFFSET, _STRUCT.size)
    if len(data) < _STRUCT.size:
        return None
    total, used = _STRUCT.unpack(data)
    return int(total - used) if used <= total else None

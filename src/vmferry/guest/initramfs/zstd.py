# SPDX-License-Identifier: Apache-2.0
"""Where Zstandard's frames end, from their headers: what inflates them does not tell.

    Dec  Hex   Frame                             Dec  Hex  Block
      0  0x00  magic, 28 b5 2f fd    4 bytes       0  0x00  bit 0: the last; 1, 2: type; u24
      4  0x04  descriptor            u8                     others: bytes
               window                1 byte                 (type 1: of what one byte repeats)
               dictionary            0 to 4
               content size          0 to 8      behind the last block a checksum of 4 bytes

Source: RFC 8878, 3.1.1.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.initramfs.prefix import Prefix

MAGIC: Final = b"\x28\xb5\x2f\xfd"
SKIPPABLE: Final = b"\x2a\x4d\x18"
"""Ends the magic of a frame that holds something else; its first byte is 50 to 5f."""

REPEATED: Final = 1
LAST: Final = 1
CHECKSUM: Final = 4
SINGLE_SEGMENT: Final = 0x20
HAS_CHECKSUM: Final = 0x04
DICTIONARY: Final = (0, 1, 2, 4)
CONTENT_SIZE: Final = (0, 2, 4, 8)


MOST_PARTS: Final = 50_000
"""Of all frames: headers and blocks, each of which holds up to 128 KiB; more take seconds."""


def pieces(file: Prefix, at: int) -> Iterator[bytes]:
    """Yield the bytes of the frames from ``at`` on, in pieces, up to what is no frame.

    Raises:
        EOFError: The file ends inside one.
        ValueError: They have too many blocks.
    """
    numbers = iter(range(MOST_PARTS))
    while head := file.get(at, 8):
        if head[1:4] == SKIPPABLE and 0x50 <= head[0] <= 0x5F and len(head) == 8:
            lengths = iter([8, *struct.unpack_from("<I", head, 4)])
        elif head.startswith(MAGIC):
            lengths = _frame(file, at)
        else:
            return
        for length in lengths:
            piece = file.get(at, length)
            if len(piece) < length:
                raise EOFError("the end of the file inside a frame")
            at += length
            if next(numbers, None) is None:
                raise ValueError(f"more than {MOST_PARTS} blocks")
            if piece:
                yield piece


def _frame(file: Prefix, at: int) -> Iterator[int]:
    """Yield the lengths of a frame's parts, its header first."""
    descriptor = _byte(file, at + 4)
    is_single = bool(descriptor & SINGLE_SEGMENT)
    content = CONTENT_SIZE[descriptor >> 6] or is_single
    header = 5 + (not is_single) + DICTIONARY[descriptor & 3] + content
    yield header
    at += header
    is_last = False
    while not is_last:
        block = _byte(file, at) | _byte(file, at + 1) << 8 | _byte(file, at + 2) << 16
        is_last = bool(block & LAST)
        length = 3 + (1 if block >> 1 & 3 == REPEATED else block >> 3)
        yield length
        at += length
    if descriptor & HAS_CHECKSUM:
        yield CHECKSUM


def _byte(file: Prefix, at: int) -> int:
    data = file.get(at, 1)
    if not data:
        raise EOFError("the end of the file inside a frame")
    return data[0]

# SPDX-License-Identifier: Apache-2.0
"""LZ4 in the legacy frame, which Linux uses for its initramfs; decoded with every length checked.

No library of ours has it. Each block stands alone and holds at most 8 MiB.

    Dec  Hex   Legacy frame
      0  0x00  magic 0x184C2102         u32
      4  0x04  bytes of the first block u32, then the block; the next one's size behind it

A block is sequences: a token (high four bits: literals, low four: length of the match less 4; 15
goes on with bytes of 255 and one less), the literals, the distance (u16). The last has no match.

Source: LZ4 Frame Format Description 1.6, "Legacy frame"; LZ4 Block Format Description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\x02\x21\x4c\x18"
BLOCK: Final = 8 * MIB
LONGEST_BLOCK: Final = BLOCK + BLOCK // 255 + 16
"""LZ4_COMPRESSBOUND of a block's bytes."""

PIECE: Final = 64 * KIB
SHORTEST_MATCH: Final = 4
MORE: Final = 15


def block(data: bytes) -> Iterator[bytes]:
    """Yield what one block holds, piece by piece: the first names are often enough.

    Raises:
        FormatError: It is no LZ4 block, or holds more than ``BLOCK`` bytes.
    """
    out = bytearray()
    at = told = 0
    try:
        while True:
            token = data[at]
            at, literals = _length(data, at + 1, token >> 4)
            if at + literals > len(data) or len(out) + literals > BLOCK:
                raise FormatError("lz4", where=at, found=f"{literals} literals, more than fit")
            out += data[at : at + literals]
            at += literals
            if at == len(data):
                break
            distance = data[at] | data[at + 1] << 8
            at, length = _length(data, at + 2, token & MORE)
            _match(out, distance, length + SHORTEST_MATCH)
            if len(out) - told >= PIECE:
                yield bytes(out[told:])
                told = len(out)
    except IndexError:
        raise FormatError("lz4", where=at, found="the end of the block inside it") from None
    yield bytes(out[told:])


def _length(data: bytes, at: int, length: int) -> tuple[int, int]:
    """Return the place behind a length that begins with four bits, and the length."""
    if length == MORE:
        while True:
            more = data[at]
            at += 1
            length += more
            if more != 255:
                break
    return at, length


def _match(out: bytearray, distance: int, length: int) -> None:
    start = len(out) - distance
    if start < 0 or distance == 0 or len(out) + length > BLOCK:
        raise FormatError("lz4", found=f"a match of {length} bytes from {distance} back")
    if length <= distance:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // distance + 1))[:length]

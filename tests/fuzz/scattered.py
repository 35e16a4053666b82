# SPDX-License-Identifier: Apache-2.0
"""A file as a fuzzer's input: its size and the pieces of it that are not zeros.

The smallest VHDX has 4 MiB, of which some hundred bytes matter; a fuzzer of whole files would spend
itself on zeros and never see a file of 16 TiB. So the input says where each piece stands, and the
source gives zeros for the rest. Any bytes are a file; what does not fit is left out.

    Dec  Hex  Name                                Type
      0  0x00 size of the file                    u64, little-endian
      8  0x08 pieces, each of
              place                               u64
              length                              u16
              bytes, fewer if the input ends
"""

from __future__ import annotations

import re
import struct
from typing import Final

SIZE: Final = struct.Struct("<Q")
PIECE: Final = struct.Struct("<QH")
MOST_SIZE: Final = 1 << 56
MOST_READ: Final = 64 << 20
"""No reader may ask for more at once: the largest tables have 32 MiB."""

_TOP: Final = 1 << 64
_RUN: Final = re.compile(rb"[^\0](?:\0{0,99}[^\0])*", re.DOTALL)


class Finding(Exception):
    """A parser did what it may not; never an error of ours."""


def join(size: int, pieces: list[tuple[int, bytes]]) -> bytes:
    """Return the input that describes a file."""
    parts = [SIZE.pack(size)]
    parts += [PIECE.pack(place % _TOP, len(data)) + data for place, data in pieces]
    return b"".join(parts)


def split(data: bytes) -> tuple[int, list[tuple[int, bytes]]]:
    """Return size and pieces of a file that an input describes."""
    if len(data) < SIZE.size:
        return 0, []
    size = int(SIZE.unpack_from(data)[0]) % MOST_SIZE
    pieces, at = [], SIZE.size
    while at + PIECE.size < len(data):
        place, length = PIECE.unpack_from(data, at)
        at += PIECE.size
        pieces.append((place, data[at : at + length]))
        at += length
    return size, pieces


def scatter(file: bytes | bytearray) -> bytes:
    """Return the input that describes ``file``."""
    found = [(match.start(), match.group()) for match in _RUN.finditer(file)]
    pieces = [
        (place + at, run[at : at + 0xFFFF])
        for place, run in found
        for at in range(0, len(run), 0xFFFF)
    ]
    return join(len(file), pieces)


class ScatteredFile:
    """The file that an input describes; a read that leaves it, or is huge, is a finding.

    Args:
        data: The input.
        name: How messages call the file.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.size, self._pieces = split(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""
        end = offset + length
        if offset < 0 or length < 0 or end > self.size:
            raise Finding(f"read of {length} bytes at {offset} of a file of {self.size}")
        if length > MOST_READ:
            raise Finding(f"read of {length} bytes at once")
        out = bytearray(length)
        for place, piece in self._pieces:
            first, last = max(place, offset), min(place + len(piece), end)
            if first < last:
                out[first - offset : last - offset] = piece[first - place : last - place]
        return bytes(out)

    def find(self, word: bytes) -> list[int]:
        """Return the places where ``word`` stands in a piece."""
        found = [(place, piece.find(word)) for place, piece in self._pieces]
        return [place + at for place, at in found if at >= 0]


def whole(data: bytes, name: str) -> ScatteredFile:
    """Return ``data`` itself as a file."""
    return ScatteredFile(scatter(data), name)


def gather(data: bytes, most: int) -> bytes:
    """Return the whole file of an input, or its first ``most`` bytes."""
    file = ScatteredFile(data, "")
    return file.read_at(0, min(file.size, most))

# SPDX-License-Identifier: Apache-2.0
"""LZO1X, decompressed with every length and distance checked; no library of ours has it.

A stream is instructions. Each copies a match (length, distance backwards) and then up to three
literal bytes; S is their number, H and L are bits of distance and length, D too:

    0000LLLL           after no literals: a run of 3 + L literals
    0000DDSS H         after 1 to 3 literals: 2 bytes from 1 + D + 4·H
    0000DDSS H         after a run: 3 bytes from 2049 + D + 4·H
    0001HLLL LE16      2 + L bytes from 16384 + 16384·H + LE16 / 4; S is LE16 & 3; from 16384: end
    001LLLLL LE16      2 + L bytes from 1 + LE16 / 4; S is LE16 & 3
    01LDDDSS H         3 + L bytes from 1 + D + 8·H
    1LLDDDSS H         5 + L bytes from 1 + D + 8·H

L of zero in the forms with LE16 and in the run goes on: each zero byte adds 255, the byte that is
not zero ends it and is added to the largest L. A first byte over 17 is a run of itself less 17.

Source: Linux, Documentation/staging/lzo.rst, "LZO stream format as understood by Linux's LZO
decompressor"; what it says of bitstream version 0, the only one in Btrfs.
"""

from __future__ import annotations

from typing import Final

from vmferry.errors import FormatError

FIRST_RUN: Final = 17
AFTER_RUN: Final = 4
"""The state after a run of literals that was longer than the three that an instruction can have."""


def decompress(data: bytes, most: int) -> bytes:
    """Return what ``data`` holds.

    Args:
        data: One whole stream with its end instruction.
        most: How many bytes it may become.

    Raises:
        FormatError: It is no LZO1X stream, or holds more than ``most`` bytes.
    """
    decoder = _Decoder(data, most)
    try:
        decoder.run()
    except IndexError:
        raise FormatError("lzo", where=len(data), found="the end of the stream inside it") from None
    return bytes(decoder.out)


class _Decoder:
    """One stream; ``at`` is the next byte of it, ``state`` how many literals came last."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = most
        self._at = 0
        self._state = 0
        self.out = bytearray()

    def run(self) -> None:
        """Follow every instruction."""
        data = self._data
        if data and data[0] > FIRST_RUN:
            self._at = 1
            self._literals(data[0] - FIRST_RUN)
        while True:
            code = data[self._at]
            self._at += 1
            if code >= 64:
                length = (code >> 5) + 1 if code >= 128 else 3 + (code >> 5 & 1)
                self._near(length, 1 + (code >> 2 & 7) + 8 * data[self._at], code & 3)
            elif code >= 16:
                if self._far(code):
                    break
            elif self._state == 0:
                self._literals(3 + self._length(code, 15))
            elif self._state == AFTER_RUN:
                self._near(3, 2049 + (code >> 2) + 4 * data[self._at], code & 3)
            else:
                self._near(2, 1 + (code >> 2) + 4 * data[self._at], code & 3)
        if self._at != len(data):
            raise FormatError("lzo", where=self._at, found="bytes behind the end instruction")

    def _near(self, length: int, distance: int, literals: int) -> None:
        """Copy a match whose instruction has one byte more."""
        self._at += 1
        self._match(length, distance)
        self._state = 0
        if literals:
            self._literals(literals)

    def _far(self, code: int) -> bool:
        """Copy a match whose instruction has two bytes more; return whether it is the end."""
        if code >= 32:
            length, base = 2 + self._length(code & 31, 31), 1
        else:
            length, base = 2 + self._length(code & 7, 7), 0x4000 + (code << 11 & 0x4000)
        word = self._data[self._at] | self._data[self._at + 1] << 8
        self._at += 2
        distance = base + (word >> 2)
        if distance == 0x4000 and code < 32:
            return True
        self._match(length, distance)
        self._state = 0
        if word & 3:
            self._literals(word & 3)
        return False

    def _length(self, bits: int, most: int) -> int:
        """Return L, which goes on in the next bytes if ``bits`` are zero."""
        if bits:
            return bits
        length = most
        while self._data[self._at] == 0:
            self._at += 1
            length += 255
        length += self._data[self._at]
        self._at += 1
        return length

    def _literals(self, length: int) -> None:
        end = self._at + length
        if end > len(self._data) or len(self.out) + length > self._most:
            raise FormatError("lzo", where=self._at, found=f"{length} literals, more than fit")
        self.out += self._data[self._at : end]
        self._at = end
        self._state = min(length, AFTER_RUN)

    def _match(self, length: int, distance: int) -> None:
        out = self.out
        start = len(out) - distance
        if start < 0 or len(out) + length > self._most:
            raise FormatError(
                "lzo", where=self._at, found=f"a match of {length} bytes from {distance} back"
            )
        if length <= distance:
            out += out[start : start + length]
        else:
            out += (out[start:] * (length // distance + 1))[:length]

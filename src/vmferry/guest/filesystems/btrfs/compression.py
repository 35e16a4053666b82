# SPDX-License-Identifier: Apache-2.0
"""Compressed extents: at most 128 KiB of file each, never trusted to be what they promise.

    Dec  Kind
      0  none
      1  zlib stream
      2  LZO: u32 bytes in all, then segments of u32 bytes and one LZO1X stream, each one sector of
         file; no segment's u32 crosses a sector, it starts in the next one instead
      3  zstd frame with a window of at most 128 KiB

Source: https://btrfs.readthedocs.io/en/latest/Compression.html; the LZO framing in
https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "EXTENT_DATA".
"""

from __future__ import annotations

import zlib
from typing import Final

import zstandard

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs import lzo
from vmferry.units import KIB, MIB

MOST: Final = 128 * KIB
"""Bytes of a compressed extent, both compressed and not."""

NONE: Final = 0
ZLIB: Final = 1
LZO: Final = 2
ZSTD: Final = 3
LENGTH: Final = 4

MOST_WORK: Final = 256 * MIB
"""Bytes to decompress from one file system, compressed or not, whichever are more: a second or two.
A hostile file could name each 128 KiB extent once per sector, and be far shorter than its work."""

LZO_WEIGHT: Final = 16
"""Measured: 8 MB/s of LZO, which is Python, against 120 of zlib and 830 of zstd."""


class Decompressor:
    """Decompresses the extents of one file system, up to ``MOST_WORK`` of them.

    Args:
        sector: The file system's sector size.
    """

    def __init__(self, sector: int) -> None:
        self._sector = sector
        self._work = 0

    def decompress(self, data: bytes, kind: int, length: int) -> bytes:
        """Return the ``length`` bytes of file in ``data``; zeros follow where it holds fewer.

        Args:
            data: The extent as stored, or the data of an inline one.
            kind: What the extent's item says.
            length: Bytes of file.

        Raises:
            FormatError: ``data`` is not of this kind, is longer than any extent is, or one too
                many.
        """
        size = max(length, len(data))
        if size > MOST:
            raise FormatError(
                "compressed extent",
                found=f"{len(data)} of {length} bytes",
                expected=f"up to {MOST}",
            )
        weight = LZO_WEIGHT if kind == LZO else 1
        self._work += weight * size
        if self._work > MOST_WORK:
            raise FormatError(
                "compressed extents",
                found="more to decompress than a look takes",
                expected=f"at most {MOST_WORK // weight} bytes",
            )
        return self._unpacked(data, kind, length).ljust(length, b"\0")

    def _unpacked(self, data: bytes, kind: int, length: int) -> bytes:
        if kind == ZLIB:
            return _zlib(data, length)
        if kind == LZO:
            return _lzo(data, length, self._sector)
        if kind == ZSTD:
            return _zstd(data, length)
        raise FormatError("compression", found=kind, expected=f"{ZLIB} … {ZSTD}")


def _zlib(data: bytes, length: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, max(1, length))[:length]
    except zlib.error as error:
        raise FormatError("compressed extent", found=f"no zlib stream ({error})") from error


def _zstd(data: bytes, length: int) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=MOST).stream_reader(data) as reader:
            return reader.read(length)
    except zstandard.ZstdError as error:
        raise FormatError("compressed extent", found=f"no zstd frame ({error})") from error


def _lzo(data: bytes, length: int, sector: int) -> bytes:
    end = int.from_bytes(data[:LENGTH], "little")
    if not LENGTH <= end <= len(data):
        raise FormatError("lzo", found=f"{end} bytes", expected=f"up to {len(data)}")
    out = bytearray()
    at = LENGTH
    while at < end and len(out) < length:
        room = sector - at % sector
        if room < LENGTH:
            at += room
            continue
        size = int.from_bytes(data[at : at + LENGTH], "little")
        at += LENGTH
        if not 0 < size <= end - at:
            raise FormatError("lzo", where=at, found=f"a segment of {size} bytes")
        out += lzo.decompress(data[at : at + size], sector)
        at += size
    return bytes(out[:length])

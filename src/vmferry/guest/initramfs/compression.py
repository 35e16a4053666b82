# SPDX-License-Identifier: Apache-2.0
"""The compressed members of an initramfs, inflated piece by piece so that no bomb can grow.

Sources: Linux, Documentation/driver-api/early-userspace/buffer-format.rst and lib/decompress.c
(magic numbers); RFC 1952 (gzip); RFC 8878 (Zstandard).
"""

from __future__ import annotations

import bz2
import io
import lzma
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

import zstandard
from isal import isal_zlib

from vmferry.errors import FormatError
from vmferry.guest.initramfs import lz4, zstd
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmferry.guest.initramfs.prefix import Prefix

INPUT: Final = 64 * KIB
OUTPUT: Final = 256 * KIB
LONGEST_WINDOW: Final = 32 * MIB
"""Of zstd and xz. Linux takes 128 MiB, mkinitramfs and dracut use 8 (zstd -19, xz -6)."""

GZIP: Final = 31
DAMAGE: Final = (
    OSError,
    EOFError,
    ValueError,
    lzma.LZMAError,
    zstandard.ZstdError,
    isal_zlib.error,
)


class _Inflater(Protocol):
    """What the decompressors of the standard library have in common, isal's brought to it."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more without more input."""

    @property
    def unused_data(self) -> bytes:
        """What of the input is behind the member's end."""

    def decompress(self, data: bytes, /, max_length: int) -> bytes:
        """Return at most ``max_length`` bytes."""


class _Gzip:
    """isal's stream with the interface of ``lzma`` and ``bz2``."""

    def __init__(self) -> None:
        self._stream = isal_zlib.decompressobj(GZIP)

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof)

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self._stream.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return bytes(self._stream.decompress(self._stream.unconsumed_tail + data, max_length))


@dataclass(slots=True)
class Member:
    """One compressed member of an initramfs.

    Attributes:
        name: Of the compression.
        most: How many bytes of it are inflated at most: what takes about a second.
        end: Where it ended in the file; ``None`` while it is read.
    """

    name: str
    most: int
    end: int | None = None
    start: int = 0

    def pieces(self, file: Prefix, start: int) -> Iterator[bytes]:
        """Yield what the member at ``start`` holds.

        Raises:
            FormatError: It is damaged or cut off.
        """
        self.start = start
        try:
            yield from _READERS[self.name](self, file)
        except DAMAGE as error:  # type: ignore[misc]  # isal has no types
            raise FormatError(f"initramfs: {self.name}", where=start, found=str(error)) from error


def find(head: bytes, share: float = 1) -> Member | None:
    """Return which member begins with ``head``, ``None`` if it is none that Linux knows.

    Args:
        head: The first bytes.
        share: Of what is inflated at most, what members before it left.
    """
    for magic, name in MAGICS.items():
        if head.startswith(magic):
            return Member(name, int(MOST[name] * share))
    return None


def _inflated(member: Member, file: Prefix, inflater: _Inflater) -> Iterator[bytes]:
    at = member.start
    while not inflater.eof:
        data = b""
        if inflater.needs_input:
            data = file.get(at, INPUT)
            at += len(data)
            if not data:
                raise EOFError("the end of the file inside it")
        if piece := inflater.decompress(data, OUTPUT):
            yield piece
    member.end = at - len(inflater.unused_data)


def _zstd(member: Member, file: Prefix) -> Iterator[bytes]:
    """Yield all frames that follow each other.

    A reader of zstandard does not tell where a frame ends, and takes what follows for another.
    """
    source = _Frames(zstd.pieces(file, member.start))
    frames = zstandard.ZstdDecompressor(max_window_size=LONGEST_WINDOW)
    with frames.stream_reader(
        cast("IO[bytes]", source), read_size=INPUT, read_across_frames=True
    ) as reader:
        while piece := reader.read(OUTPUT):
            yield piece
    member.end = member.start + source.length


class _Frames(io.RawIOBase):
    """Pieces as the file object that zstandard reads.

    Attributes:
        length: Bytes so far.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self.length = 0

    def read(self, _size: int = -1) -> bytes:
        data = next(self._pieces, b"")
        self.length += len(data)
        return data


def _lz4(member: Member, file: Prefix) -> Iterator[bytes]:
    at = member.start + len(lz4.MAGIC)
    while len(size := file.get(at, 4)) == 4:
        if size == lz4.MAGIC:
            at += 4
            continue
        (length,) = struct.unpack("<I", size)
        if length > lz4.LONGEST_BLOCK or length == 0:
            break
        data = file.get(at + 4, length)
        if len(data) < length:
            raise EOFError("the end of the file inside a block")
        yield from filter(None, lz4.block(data))
        at += 4 + length
    member.end = at


_READERS: Final[dict[str, Callable[[Member, Prefix], Iterator[bytes]]]] = {
    "gzip": lambda member, file: _inflated(member, file, _Gzip()),
    "xz": lambda member, file: _inflated(
        member, file, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=2 * LONGEST_WINDOW)
    ),
    "lzma": lambda member, file: _inflated(
        member, file, lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=2 * LONGEST_WINDOW)
    ),
    "bzip2": lambda member, file: _inflated(member, file, bz2.BZ2Decompressor()),
    "zstd": _zstd,
    "lz4": _lz4,
}
MAGICS: Final = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"\x5d\0\0": "lzma",
    b"BZh": "bzip2",
    zstd.MAGIC: "zstd",
    lz4.MAGIC: "lz4",
}
MOST: Final = {
    "gzip": 256 * MIB,
    "zstd": 384 * MIB,
    "xz": 96 * MIB,
    "lzma": 96 * MIB,
    "bzip2": 32 * MIB,
    "lz4": 10 * MIB,
}
"""Measured in MB/s on a Debian initramfs: gzip 310, zstd 1000, xz 76, bzip2 29, lz4 (Python) 16 and
at worst 5."""

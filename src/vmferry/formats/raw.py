# SPDX-License-Identifier: Apache-2.0
"""Raw: the bytes of the disk and nothing else.

There is no structure, so there is no magic: raw is the absence of every other format. The virtual
size is the size of the object as it is; a ragged end is not rounded to a sector, because rounding
would invent bytes that nobody uploaded.

Source: none exists; the behaviour is that of ``dd`` and of ``qemu-img -f raw``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from vmferry.errors import FormatError
from vmferry.formats import DiskFormat, Effort, Encoded
from vmferry.formats._sparse import SparseSource, encode_in_place
from vmferry.formats._writer import check_parts, check_slice
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.formats import Part, Put
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk


class RawReader:
    """A raw disk.

    Args:
        source: The object; its size is the disk's.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source

    @property
    def size(self) -> int:
        """The virtual size in bytes: the object's, even if it is no multiple of a sector."""
        return self._source.size

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield one extent of data, or the holes of a source that knows them."""
        length = self.size - offset if length is None else length
        check_range(self.size, offset, length)
        if isinstance(self._source, SparseSource):
            yield from self._source.extents(offset, length)
        elif length:
            yield Extent(offset, length, ExtentKind.DATA)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the disk."""
        check_range(self.size, offset, length)
        return self._source.read_at(offset, length)


class RawWriter:
    """Writes a raw file in place and leaves a hole for every 64 KiB of zeros.

    Args:
        size: Bytes of the disk.
        effort: Nothing is compressed.
    """

    alignment = BLOCK
    first = None

    def __init__(self, size: int, *, effort: Effort = Effort.NORMAL) -> None:
        del effort
        self._size = size

    def encode(self, disk: Disk, offset: int, length: int, put: Put) -> Encoded:
        """Put what is not zeros."""
        check_slice("raw", disk, offset, length, self._size, self.alignment)
        return encode_in_place(disk, offset, length, put)

    def finish(self, parts: Sequence[Part], out: BinaryIO) -> None:
        """Give the artifact its size; a hole at the end is otherwise lost."""
        check_parts("raw", parts, self._size)
        out.truncate(self._size)


def check_range(size: int, offset: int, length: int) -> None:
    """Refuse a range that is not wholly inside a disk of ``size`` bytes."""
    if offset < 0 or length < 0 or offset + length > size:
        raise FormatError(
            "raw: range", found=f"{offset} + {length} bytes", expected=f"inside {size} bytes"
        )


FORMAT = DiskFormat(
    name="raw",
    probe=lambda source: False,
    safety=(),
    read=RawReader,
    writers={"flat": RawWriter},
)

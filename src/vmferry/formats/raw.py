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
from vmferry.formats import DiskFormat
from vmferry.formats._sparse import SparseSource, write_sparse
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """

    alignment = BLOCK
    placed = True

    def __init__(self, size: int) -> None:
        self._size = size

    def encode(self, disk: Disk, offset: int, length: int, out: BinaryIO) -> None:
        """Write the range to its own place in ``out``."""
        check_range(self._size, offset, length)
        write_sparse(disk, offset, length, out)

    def assemble(self, pieces: Sequence[BinaryIO], out: BinaryIO) -> None:
        """Give the artifact its size; a hole at the end is otherwise lost."""
        if pieces:
            raise FormatError("raw: pieces to assemble", found=len(pieces), expected="none")
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
    write=RawWriter,
)

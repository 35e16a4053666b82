# SPDX-License-Identifier: Apache-2.0
"""Reads a fixed or dynamic VHD at random.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.formats._sparse import SparseSource
from vmferry.formats.vhd.blocks import DynamicBlocks
from vmferry.formats.vhd.footer import DiskType
from vmferry.formats.vhd.footers import find_footer
from vmferry.formats.vhd.header import read_header
from vmferry.formats.vhd.refusal import damaged
from vmferry.model.disk import Extent, ExtentKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.formats.vhd.footers import FoundFooter
    from vmferry.formats.vhd.header import DynamicHeader
    from vmferry.model.bytes import ByteSource


def read_layout(source: ByteSource) -> tuple[FoundFooter, DynamicHeader | None]:
    """Return the footer and, of a dynamic disk, the header; both checked."""
    found = find_footer(source)
    size = found.footer.virtual_size
    if size == 0:
        raise damaged("footer current size", found=0, expected="a disk that is not empty")
    if found.footer.disk_type == DiskType.DYNAMIC:
        return found, read_header(source, found)
    if size > found.end:
        raise damaged(
            "fixed disk", found=f"{found.end} bytes before the footer", expected=f"{size} bytes"
        )
    return found, None


def check_layout(source: ByteSource) -> None:
    """Refuse a disk whose header is damaged, or that says it is larger than its file."""
    read_layout(source)


class VhdReader:
    """A fixed or dynamic VHD.

    Args:
        source: The file.

    Raises:
        FormatError: It is differencing, its footers disagree, or its metadata is damaged.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._found, header = read_layout(source)
        self._blocks = DynamicBlocks(source, self._found, header) if header else None

    @property
    def size(self) -> int:
        """The virtual size in bytes, by what the disk's creator goes by."""
        return self._found.footer.virtual_size

    @property
    def create_type(self) -> str:
        """``fixed`` or ``dynamic``."""
        return "dynamic" if self._blocks else "fixed"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the owner should know though the disk can be read."""
        footer, found = self._found.footer, list(self._found.warnings)
        if footer.saved_state:
            found.append("vhd: the saved-state flag is set: the machine was not shut down")
        if self.size != footer.current_size:
            creator = footer.creator.decode("latin-1").strip()
            found.append(
                f"vhd: the disk has the {self.size} bytes of its geometry, as its creator "
                f"{creator!r} goes by, not the {footer.current_size} of its current size"
            )
        extra = self._found.end - footer.current_size
        if self._blocks is None and extra > 0:
            found.append(f"vhd: {extra} bytes between the disk's end and the footer are not read")
        return tuple(found)

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of: stored blocks, or the holes of a source with holes."""
        length = self.size - offset if length is None else length
        self._check_range(offset, length)
        if self._blocks is not None:
            yield from self._blocks.extents(offset, offset + length) if length else ()
        elif isinstance(self._source, SparseSource):
            yield from self._source.extents(offset, length)
        elif length:
            yield Extent(offset, length, ExtentKind.DATA)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the disk."""
        self._check_range(offset, length)
        if self._blocks is None:
            return self._source.read_at(offset, length)
        return self._blocks.read(offset, offset + length) if length else b""

    def _check_range(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            found = f"{offset} + {length} bytes"
            raise damaged("range", found=found, expected=f"inside {self.size} bytes", hint="")

# SPDX-License-Identifier: Apache-2.0
"""The content of a disk's file: as it stands in the archive, inflated, or zeros without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.appliances.gzip import GzipSource
from vmferry.appliances.refusal import bad_archive
from vmferry.appliances.window import Window
from vmferry.model.bytes import check_inside
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.bytes import ByteSource

EMPTY: Final = "empty"
"""The ``compression`` of a disk that has no file: all of it is zeros."""

_GZIP: Final = "gzip"


class Zeros:
    """An empty disk: ``size`` zeros; as a source it is a raw disk that knows to be one hole.

    Source: DSP0243 2.1.1, 9.1: "If the fileRef attribute is not present, the disk is empty".
    """

    def __init__(self, size: int, name: str) -> None:
        self.size = size
        self.name = name

    def read_at(self, offset: int, length: int) -> bytes:
        """Return ``length`` zeros.

        Raises:
            SourceError: The range is not wholly inside the disk.
        """
        check_inside(self, offset, length)
        return bytes(length)

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Yield one hole."""
        if length:
            yield Extent(offset, length, ExtentKind.ZERO)


def open_content(
    source: ByteSource,
    offset: int,
    length: int,
    name: str,
    compression: str = "",
    limit: int | None = None,
) -> ByteSource:
    """Open what a format's reader reads of a disk in an appliance.

    Args:
        source: The appliance.
        offset: First byte of the disk's file.
        length: Bytes of the file; of an empty disk, its size.
        name: How messages call it.
        compression: ``gzip``, ``EMPTY``, or ``""`` for a file as it is.
        limit: The most bytes that a compressed file may inflate to, or ``None``.

    Raises:
        FormatError: The file is damaged, or inflates without end.
        SourceError: The appliance cannot be read, or the file is not wholly inside it.
    """
    if compression == EMPTY:
        return Zeros(length, name)
    window = Window(source, offset, length, name)
    if compression == _GZIP:
        return GzipSource(window, limit)
    if compression:
        raise bad_archive(f"compression of {name}", found=compression, expected="gzip or none")
    return window


def most_content(capacity: int | None) -> int | None:
    """Return the most bytes that a file of any format needs for a disk of ``capacity`` bytes."""
    return None if capacity is None else capacity + capacity // 8 + 64 * MIB

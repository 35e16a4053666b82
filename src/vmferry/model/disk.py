# SPDX-License-Identifier: Apache-2.0
"""Disks: what a format describes, a size and extents; and the seam that every format reader has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class ExtentKind(StrEnum):
    """Whether a range of a disk has stored bytes."""

    DATA = "data"
    ZERO = "zero"


class Extent(NamedTuple):
    """A range of a disk, in bytes."""

    offset: int
    length: int
    kind: ExtentKind

    @property
    def end(self) -> int:
        """The first byte after the extent."""
        return self.offset + self.length


class Disk(Protocol):
    """A disk that can be read at random: a format's reader, a snapshot, a volume."""

    @property
    def size(self) -> int:
        """The virtual size in bytes."""

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield what the range is made of, in order, without gaps; neighbours differ in kind."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes of the disk; the range must lie inside it.

        Raises:
            FormatError: The bytes that describe the range are damaged.
            SourceError: The object below cannot be read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLocation:
    """Where a disk's bytes are, so that another process can open them; JSON by ``asdict``.

    Attributes:
        url: The object: ``file:///…`` or ``s3://bucket/key`` (see ``stores.open_source``).
        format: The name of the format, as in ``formats/``.
        offset: First byte of the disk's file inside the object (a member of an OVA), else 0.
        length: Bytes of the disk's file, or ``None`` for the rest of the object.
        label: How messages call it.
        version: Of the object, when it was first looked at; ``""`` for any (``StoredObject``).
        compression: How the file is stored: ``gzip``, ``""`` for as it is, or ``empty`` for
            ``length`` zeros that are stored nowhere.
    """

    url: str
    format: str
    offset: int = 0
    length: int | None = None
    label: str = ""
    version: str = ""
    compression: str = ""

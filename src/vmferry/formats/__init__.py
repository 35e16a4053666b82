# SPDX-License-Identifier: Apache-2.0
"""Disk formats, one module (or folder) each: pure bytes to extents and back.

Reading is random access over a ``ByteSource``; writing is by slices, so that a large disk uses
every core and a killed export goes on at its last slice. Nothing here opens a path, a socket or a
process.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vmferry import formats as package
from vmferry import plugins
from vmferry.errors import FormatError
from vmferry.formats._magics import MAGICS, Ends
from vmferry.formats._slices import allocated, cut
from vmferry.formats._writer import Effort, Encoded, Part, PartedWriter, Put, Writer, arrange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk

__all__ = [
    "DiskFormat",
    "Effort",
    "Encoded",
    "MakeWriter",
    "Part",
    "PartedWriter",
    "Put",
    "Writer",
    "all_formats",
    "allocated",
    "arrange",
    "cut",
    "detect",
    "open_disk",
]


class MakeWriter(Protocol):
    """Makes the writer of one artifact."""

    def __call__(self, size: int, *, effort: Effort = Effort.NORMAL) -> Writer:
        """Return a writer for a disk of ``size`` bytes.

        Raises:
            FormatError: The format cannot say that size.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFormat:
    """One format of a disk's file.

    Attributes:
        name: Lower case, the module's name: ``raw``, ``vmdk``.
        probe: Says whether the source has this format's magic. ``raw`` has none: it is the absence
            of a match.
        safety: Checks that must pass before the disk is opened; each raises ``FormatError``. May
            not be empty (except for ``raw``, which has nothing to check).
        read: Opens the disk.
        writers: What makes a writer, by the name of the kind; the first is what is written unless
            a kind is named. Empty for a read-only format.
    """

    name: str
    probe: Callable[[ByteSource], bool]
    safety: tuple[Callable[[ByteSource], None], ...]
    read: Callable[[ByteSource], Disk]
    writers: Mapping[str, MakeWriter]


@functools.cache
def all_formats() -> dict[str, DiskFormat]:
    """Return every format by name."""
    return plugins.find(package, "FORMAT", DiskFormat)


def detect(source: ByteSource) -> str:
    """Return the name of the one format whose magic the source bears; ``raw`` if there is none.

    The name may be of a format that is known but not read (``vdi``) or of an appliance (``ova``).

    Raises:
        FormatError: Two formats match, so the file means different things to different readers.
    """
    return _detect(Ends(source))


def _detect(ends: Ends) -> str:
    formats = all_formats()
    found = {name for name, disk_format in formats.items() if disk_format.probe(ends)}
    found |= {magic.name for magic in MAGICS if magic.name not in formats and magic.matches(ends)}
    if len(found) > 1:
        names = " and ".join(sorted(found))
        raise FormatError(
            f"disk: {ends.name} has more than one format", found=names, expected="one"
        )
    return found.pop() if found else "raw"


def open_disk(source: ByteSource, format_name: str | None) -> Disk:
    """Open a disk after every safety check of its format.

    Args:
        source: The disk's file.
        format_name: The declared format; it is authoritative, and detection must agree. ``None``
            takes the detected one.

    Raises:
        FormatError: The content is of another format than declared, of one that is not read, or
            damaged.
        SourceError: The object cannot be read.
    """
    ends = Ends(source)
    found = _detect(ends)
    expected = (format_name or found).lower()
    if found != expected:
        raise FormatError(
            f"disk: format of {source.name}",
            found=found,
            expected=f"{expected} as declared",
            hint="Name the format that the file really has",
        )
    disk_format = all_formats().get(found)
    if disk_format is None:
        raise FormatError(
            f"disk: {source.name} has the format {found}, which cannot be read",
            expected=" or ".join(all_formats()),
            hint="Convert the disk with: qemu-img convert -O raw",
        )
    for check in disk_format.safety:
        check(ends)
    return disk_format.read(source)

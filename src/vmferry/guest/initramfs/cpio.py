# SPDX-License-Identifier: Apache-2.0
"""cpio archives of the newc kind: their entries, one after the other.

    Dec  Hex   Field (eight hexadecimal digits each, but the magic)
      0  0x00  magic "070701", "070702" with checksums
     14  0x0e  type and permission bits
     54  0x36  bytes of the content
     94  0x5e  bytes of the name with its NUL
    110  0x6e  name; content and next entry begin at multiples of 4

Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from vmferry.errors import FormatError
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER: Final = 110
MAGICS: Final = (b"070701", b"070702")
TRAILER: Final = b"TRAILER!!!"
LONGEST_NAME: Final = 4 * KIB
LONGEST_CONTENT: Final = 16 * KIB
"""Of a configuration file, the only content that is looked at."""

MOST_ENTRIES: Final = 100_000
"""Of all archives of a file; an initramfs with every module has 5,000. A MiB of gzip holds two
million ends of archives."""


class Stream(Protocol):
    """Bytes that are read once."""

    def take(self, length: int) -> bytes:
        """Return exactly ``length`` bytes. Raises ``FormatError`` when there are fewer."""

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes."""


class Entry(NamedTuple):
    """A name, and the content of a link or if it was asked for.

    Attributes:
        name: The path, without a slash before it.
        content: Of a symbolic link where it leads.
        mode: Type and permission bits.
    """

    name: str
    content: bytes
    mode: int

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)


def entries(
    stream: Stream, wanted: str | tuple[str, ...], numbers: Iterator[int]
) -> Iterator[Entry]:
    """Yield the entries of the archive that begins here.

    Args:
        stream: Where it is.
        wanted: How names begin whose content is asked for.
        numbers: One is taken for each entry, and for the end; at its end is too much.

    Raises:
        FormatError: It is no archive, is cut off, or has more entries than there are numbers.
    """
    for _ in numbers:
        header = stream.take(HEADER)
        if header[:6] not in MAGICS:
            raise FormatError(
                "initramfs: cpio", found=f"an entry that begins with {header[:6]!r}, not 070701"
            )
        size, length = _number(header, 54), _number(header, 94)
        if not 0 < length <= LONGEST_NAME:
            raise FormatError("initramfs: cpio", found=f"a name of {length} bytes")
        name = stream.take(length).rstrip(b"\0")
        stream.skip(-(HEADER + length) % 4)
        if name == TRAILER:
            return
        text = name.decode("utf-8", "replace").removeprefix("./").removeprefix("/")
        entry = Entry(text, b"", _number(header, 14))
        if size <= LONGEST_CONTENT and (entry.is_link or text.startswith(wanted)):
            entry = entry._replace(content=stream.take(size))
            stream.skip(-size % 4)
        else:
            stream.skip(size + -size % 4)
        yield entry
    raise FormatError("initramfs: cpio", found=f"more than {MOST_ENTRIES} entries")


def _number(header: bytes, at: int) -> int:
    try:
        return int(header[at : at + 8].decode("ascii"), 16)
    except ValueError:
        raise FormatError(
            "initramfs: cpio", found=f"{header[at : at + 8]!r}", expected="a hexadecimal number"
        ) from None

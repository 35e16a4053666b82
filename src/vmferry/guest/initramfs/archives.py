# SPDX-License-Identifier: Apache-2.0
"""All archives of an initramfs, one after the other, with zeros between them.

First perhaps one with microcode that is not compressed, then those that the program which made it
wrote, at last perhaps what a fix-up appended.

Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.guest.initramfs import compression, cpio
from vmferry.guest.initramfs.stream import Pieces, Plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.initramfs.prefix import Prefix

MOST_MEMBERS: Final = 16
PADDING: Final = 4 * 1024
MOST_PADDING: Final = 1024
EXPECTED: Final = "cpio or a compressed cpio"


class Archives:
    """The archives of a file.

    Args:
        file: The initramfs.

    Attributes:
        compressions: Of the archives so far, in their order; ``""`` for one that is not compressed.
    """

    def __init__(self, file: Prefix) -> None:
        self._file = file
        self._numbers = iter(range(cpio.MOST_ENTRIES))
        self.compressions: list[str] = []

    def entries(self, wanted: str | tuple[str, ...]) -> Iterator[cpio.Entry]:
        """Yield the entries of all archives, with content those that begin with ``wanted``.

        Raises:
            FormatError: One is damaged.
            TooLongError: No more is read of any file.
        """
        at, share = 0, 1.0
        while (start := _next(self._file, at)) is not None:
            if len(self.compressions) >= MOST_MEMBERS:
                raise FormatError("initramfs", found=f"more than {MOST_MEMBERS} archives")
            head = self._file.get(start, 6)
            if head in cpio.MAGICS:
                self.compressions.append("")
                plain = Plain(self._file, start)
                yield from cpio.entries(plain, wanted, self._numbers)
                at = plain.at
                continue
            member = compression.find(head, share)
            if member is None:
                raise FormatError("initramfs", where=start, found=f"{head!r}", expected=EXPECTED)
            self.compressions.append(member.name)
            pieces = Pieces(member, self._file, start)
            yield from self._inflated(pieces, wanted)
            at, share = member.end or start, share * pieces.share
        if not self.compressions:
            raise FormatError("initramfs", found="no bytes but zeros")

    def _inflated(self, pieces: Pieces, wanted: str | tuple[str, ...]) -> Iterator[cpio.Entry]:
        yield from cpio.entries(pieces, wanted, self._numbers)
        while not pieces.is_empty():
            yield from cpio.entries(pieces, wanted, self._numbers)


def _next(file: Prefix, at: int) -> int | None:
    """Return where the bytes that are not zero go on, ``None`` at the end."""
    for _ in range(MOST_PADDING):
        data = file.get(at, PADDING)
        if not data:
            return None
        rest = data.lstrip(b"\0")
        if rest:
            return at + len(data) - len(rest)
        at += len(data)
    raise FormatError("initramfs", where=at, found=f"more than {MOST_PADDING * PADDING} zeros")

# SPDX-License-Identifier: Apache-2.0
"""The two streams that cpio archives are read from: a file as it is, and what is inflated of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.errors import FormatError
from vmferry.guest.initramfs.prefix import TooLongError

if TYPE_CHECKING:
    from vmferry.guest.initramfs.compression import Member
    from vmferry.guest.initramfs.prefix import Prefix


class Plain:
    """A file from ``at`` on."""

    def __init__(self, file: Prefix, at: int) -> None:
        self._file = file
        self.at = at

    def take(self, length: int) -> bytes:
        """Return exactly ``length`` bytes. Raises ``FormatError`` when there are fewer."""
        data = self._file.get(self.at, length)
        if len(data) < length:
            raise FormatError("initramfs", where=self.at, found="the end of the file inside cpio")
        self.at += length
        return data

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes; whether they are there, the next ``take`` finds out."""
        self.at += length


class Pieces:
    """What a compressed member holds.

    Args:
        member: Which.
        file: Where it is.
        start: Its place there.
    """

    def __init__(self, member: Member, file: Prefix, start: int) -> None:
        self._member = member
        self._pieces = member.pieces(file, start)
        self._piece = b""
        self._at = 0
        self._left = member.most

    def take(self, length: int) -> bytes:
        """Return exactly ``length`` bytes. Raises ``FormatError`` when there are fewer."""
        found = []
        while length > 0:
            part = self._part(length)
            found.append(part)
            length -= len(part)
        return b"".join(found)

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes. Raises ``FormatError`` when there are fewer."""
        while length > 0:
            step = min(length, len(self._piece) - self._at)
            self._at += step
            length -= step
            if length > 0 and not self._fill():
                raise self._cut()

    @property
    def share(self) -> float:
        """What part of the most that is inflated of the member is left."""
        return max(0, self._left) / max(1, self._member.most)

    def is_empty(self) -> bool:
        """Tell whether nothing but zeros is left."""
        while True:
            rest = self._piece[self._at :].lstrip(b"\0")
            self._at = len(self._piece) - len(rest)
            if rest:
                return False
            if not self._fill():
                return True

    def _part(self, length: int) -> bytes:
        if self._at == len(self._piece) and not self._fill():
            raise self._cut()
        part = self._piece[self._at : self._at + length]
        self._at += len(part)
        return part

    def _fill(self) -> bool:
        self._piece = next(self._pieces, b"")
        self._at = 0
        self._left -= len(self._piece)
        if self._left < 0:
            raise TooLongError(
                f"initramfs: {self._member.name}",
                found=f"more than {self._member.most} bytes to inflate for its drivers",
            )
        return bool(self._piece)

    def _cut(self) -> FormatError:
        return FormatError(
            f"initramfs: {self._member.name}",
            where=self._member.start,
            found="the end of the member inside cpio",
        )

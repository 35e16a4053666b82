# SPDX-License-Identifier: Apache-2.0
r"""What a file is by its magic, for formats that have no module of their own.

A disk that is called raw but carries another format's header is refused by that name: reading it
as raw would hand the header's paths and sizes to whoever opens the result next (CVE-2024-32498,
CVE-2010-3851). A format that gains a module is asked by its own ``probe`` instead.

Source: QEMU ``docs/interop/qed_spec.txt``, ``parallels.txt``; VirtualBox ``VDICore.h``; POSIX
``ustar`` header.

    At       Bytes                           Name       Format
    0        51 45 44 00                     qed        "QED\0"
    0        57 69 74 68 6f 75 74 46 72 65   parallels  "WithoutFreeSpace", "WithouFreSpacExt"
    64       7f 10 da be                     vdi        0xbeda107f little-endian
    257      75 73 74 61 72                  ova        "ustar": a tar archive
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource


class Magic(NamedTuple):
    """Bytes at a place."""

    name: str
    at: int
    value: bytes

    def matches(self, source: ByteSource) -> bool:
        """Say whether ``source`` bears the bytes."""
        if self.at + len(self.value) > source.size:
            return False
        return source.read_at(self.at, len(self.value)) == self.value


MAGICS: Final = (
    Magic("qed", 0, b"QED\0"),
    Magic("parallels", 0, b"WithoutFreeSpace"),
    Magic("parallels", 0, b"WithouFreSpacExt"),
    Magic("vdi", 64, b"\x7f\x10\xda\xbe"),
    Magic("ova", 257, b"ustar"),
)


class Ends:
    """A source whose first and last bytes are read once: for a bucket, each read is a request.

    Args:
        source: What is probed.
    """

    _LENGTH: Final = 64 * KIB  # the header and the descriptor of a VMDK

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.name = source.name
        self.size = source.size
        self._head = source.read_at(0, min(self._LENGTH, self.size))
        self._tail_at = max(self.size - self._LENGTH, 0)
        self._tail = source.read_at(self._tail_at, self.size - self._tail_at)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes, from memory where both ends allow it."""
        end = offset + length
        if 0 <= offset <= end <= len(self._head):
            return self._head[offset:end]
        if self._tail_at <= offset <= end <= self.size:
            return self._tail[offset - self._tail_at :][:length]
        return self._source.read_at(offset, length)

# SPDX-License-Identifier: Apache-2.0
"""Writes an archive that can be appended to an initramfs.

Linux unpacks archive after archive into one root: a file that comes again is written anew, and a
name is opened through the links on its way. A folder that comes again in a link's place would take
the link away, so only folders that are not there may be named. An archive that is not compressed
has to begin at a multiple of 4.

    Dec  Hex   Field (eight hexadecimal digits each, but the magic)
      0  0x00  magic "070701"
      6  0x06  inode, type and permission bits, owner, group, links, time
     54  0x36  bytes of the content
     62  0x3e  device, device that it is, each in two numbers
     94  0x5e  bytes of the name with its NUL
    102  0x66  0
    110  0x6e  name; content and next entry begin at multiples of 4

Sources: Linux, Documentation/driver-api/early-userspace/buffer-format.rst and init/initramfs.c
(``clean_path``, ``do_name``, ``unpack_to_rootfs``).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import TYPE_CHECKING, Final, NamedTuple

import zstandard

from vmferry.guest.initramfs import cpio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FILE: Final = 0o100644
PROGRAM: Final = 0o100755
FOLDER: Final = 0o040755
ALIGNMENT: Final = 4
GAP: Final = 8
"""Zeros before an appended archive, at least: four of them end an LZ4 archive, which has no other
end (Linux, lib/decompress_unlz4.c)."""

XZ_PRESET: Final = 4
"""Takes 48 MiB of the inspecting process's memory; the next one takes 94."""


class Item(NamedTuple):
    """What is in an archive.

    Attributes:
        name: The path, without a slash before it.
        content: Of a file.
        mode: Type and permission bits.
    """

    name: str
    content: bytes = b""
    mode: int = FILE


def archive(items: Iterable[Item]) -> bytes:
    """Return an archive of the newc kind."""
    pieces: list[bytes] = []
    for inode, item in enumerate((*items, Item(cpio.TRAILER.decode(), mode=0)), 1):
        name = item.name.encode("utf-8", "surrogateescape") + b"\0"
        numbers = (
            *(inode, item.mode, 0, 0, 1, 0),
            *(len(item.content), 0, 0, 0, 0, len(name), 0),
        )
        head = cpio.MAGICS[0] + b"".join(b"%08x" % number for number in numbers) + name
        pieces += [head, bytes(-len(head) % ALIGNMENT)]
        pieces += [item.content, bytes(-len(item.content) % ALIGNMENT)]
    return b"".join(pieces)


def appendix(items: Iterable[Item], size: int, compression: str) -> bytes:
    """Return what is appended to an initramfs.

    Args:
        items: What is in it.
        size: Of the initramfs.
        compression: What the initramfs has, which its kernel knows.
    """
    data = archive(items)
    return bytes(GAP + -size % ALIGNMENT) + COMPRESSORS.get(compression, bytes)(data)


COMPRESSORS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32, preset=XZ_PRESET),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE, preset=XZ_PRESET),
    "bzip2": bz2.compress,
    "zstd": lambda data: zstandard.compress(data, level=10),
}
"""By the names of ``compression.MAGICS``. LZ4 is not there, so its archives are left plain. Linux
can check no more of xz than CRC-32 (Documentation/staging/xz.rst)."""

# SPDX-License-Identifier: Apache-2.0
"""What a partition holds, told by its magic numbers alone: also what we cannot read yet by name.

Sources: libblkid's man page for the names; ext4 disk layout (kernel.org, superblock); LUKS 1 and 2
on-disk formats; LVM2 ``label_header``; XFS algorithms and data structures, 3rd edition; Microsoft,
FAT32 File System Specification 1.03; Linux, include/linux/swap.h, kernel/power/swap.c,
fs/jfs/jfs_superblock.h and the md(4) superblocks 1.1 and 1.2; Btrfs on-disk format; libbde's
documentation of BitLocker.

    Dec    Hex      ext superblock field (from byte 1024 of the partition)
     56    0x38     magic 0xEF53               u16
     92    0x5C     compatible features        u32: 0x4 has_journal
     96    0x60     incompatible features      u32: 0x40 extents, 0x80 64bit, 0x200 flex_bg
    100    0x64     read-only features         u32: 0x8 huge_file … 0x400 metadata_csum
    104    0x68     UUID                       16 bytes
    120    0x78     label                      16 bytes
"""

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.guest.window import Window

EXT_OFFSET: Final = 1024
EXT_MAGIC: Final = b"\x53\xef"
HAS_JOURNAL: Final = 0x4
JOURNAL_DEVICE: Final = 0x8
EXT3_INCOMPATIBLE: Final = 0x2 | 0x4 | 0x10
"""filetype, recover, meta_bg: all that ext3 knows; any other bit makes it ext4."""
EXT3_READ_ONLY: Final = 0x1 | 0x2 | 0x4

BITLOCKER_TO_GO: Final = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
"""Drives that are locked by BitLocker To Go pretend to be FAT; this GUID gives them away."""

MAGICS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"LUKS\xba\xbe", "crypto_LUKS"),
    (3, b"-FVE-FS-", "BitLocker"),
    (424, BITLOCKER_TO_GO, "BitLocker"),
    (0, b"XFSB", "xfs"),
    (64 * KIB + 64, b"_BHRfS_M", "btrfs"),
    (32 * KIB, b"JFS1", "jfs"),
    (64 * KIB + 52, b"ReIsEr2Fs", "reiserfs"),
    (512, b"LABELONE", "LVM2_member"),
    (0, b"LABELONE", "LVM2_member"),
    (1024, b"LABELONE", "LVM2_member"),
    (1536, b"LABELONE", "LVM2_member"),
    (4 * KIB - 10, b"SWAPSPACE2", "swap"),
    (4 * KIB - 10, b"S1SUSPEND\0", "swsuspend"),
    (3, b"NTFS    ", "ntfs"),
    (3, b"EXFAT   ", "exfat"),
    (82, b"FAT32   ", "vfat"),
    (54, b"FAT16   ", "vfat"),
    (54, b"FAT12   ", "vfat"),
    (4 * KIB, b"\xfc\x4e\x2b\xa9", "linux_raid_member"),
    (0, b"\xfc\x4e\x2b\xa9", "linux_raid_member"),
    (0, b"hsqs", "squashfs"),
    (32 * KIB + 1, b"CD001", "iso9660"),
    (1024, b"\x10\x20\xf5\xf2", "f2fs"),
    (32, b"NXSB", "apfs"),
    (1024, b"H+\x00\x04", "hfsplus"),
)
"""Offset, magic and libblkid's name for it; the first that fits counts."""


class Names(NamedTuple):
    """Where a file system has its UUID and its label, and how long they are; 0: it has none.

    A UUID of 16 bytes is one, of 40 it is written out, and of 4 or 8 it is a serial number of DOS.
    """

    uuid_offset: int
    uuid_length: int
    label_offset: int = 0
    label_length: int = 0


NAMES: Final[dict[bytes, Names]] = {
    b"LUKS\xba\xbe": Names(168, 40),
    b"XFSB": Names(32, 16, 108, 12),
    b"_BHRfS_M": Names(64 * KIB + 32, 16, 64 * KIB + 299, 256),
    b"JFS1": Names(32 * KIB + 136, 16, 32 * KIB + 152, 16),
    b"SWAPSPACE2": Names(1036, 16, 1052, 16),
    b"S1SUSPEND\0": Names(1036, 16, 1052, 16),
    b"NTFS    ": Names(72, 8),
    b"FAT32   ": Names(67, 4, 71, 11),
    b"FAT16   ": Names(39, 4, 43, 11),
    b"FAT12   ": Names(39, 4, 43, 11),
}
NO_LABEL: Final = "NO NAME"
"""What DOS writes where FAT has no label."""


class Content(NamedTuple):
    """What a partition holds.

    Attributes:
        kind: libblkid's name, or ``""``.
        uuid: Of the file system in lower case, ``1234-abcd`` of FAT, or ``""``.
        label: Of the file system, or ``""``.
    """

    kind: str = ""
    uuid: str = ""
    label: str = ""


def identify(window: Window) -> Content:
    """Return what ``window`` holds; an empty ``Content`` when no magic number is known."""
    for offset, magic, kind in MAGICS:
        if window.peek(offset, len(magic)) == magic:
            return _named(window, kind, NAMES.get(magic))
    superblock = window.peek(EXT_OFFSET, KIB)
    if len(superblock) == KIB and superblock[56:58] == EXT_MAGIC:
        return _ext(superblock)
    return Content()


def _named(window: Window, kind: str, names: Names | None) -> Content:
    if names is None:
        return Content(kind=kind)
    label = _text(window.peek(names.label_offset, names.label_length))
    return Content(
        kind=kind,
        uuid=_uuid(window.peek(names.uuid_offset, names.uuid_length)),
        label="" if label == NO_LABEL else label,
    )


def _uuid(data: bytes) -> str:
    """Return a UUID or a serial number as libblkid writes it, but in lower case."""
    if not any(data):
        return ""
    if len(data) == 16:
        return str(uuid.UUID(bytes=data))
    if len(data) in (4, 8):
        serial = data[::-1].hex()
        return serial if len(data) == 8 else f"{serial[:4]}-{serial[4:]}"
    return _text(data).lower()


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode("utf-8", "replace").rstrip(" ")


def _ext(superblock: bytes) -> Content:
    compatible, incompatible, read_only = struct.unpack_from("<III", superblock, 92)
    if incompatible & JOURNAL_DEVICE:
        return Content(kind="jbd")
    if incompatible & ~EXT3_INCOMPATIBLE or read_only & ~EXT3_READ_ONLY:
        kind = "ext4"
    else:
        kind = "ext3" if compatible & HAS_JOURNAL else "ext2"
    label = superblock[120:136].split(b"\0")[0].decode("utf-8", "replace")
    return Content(kind=kind, uuid=_uuid(superblock[104:120]), label=label)

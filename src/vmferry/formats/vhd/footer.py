# SPDX-License-Identifier: Apache-2.0
r"""The footer of a VHD: what kind of disk it is, and how large.

**The size.** Virtual PC shows its guest the geometry's sectors, Hyper-V, Azure, Xen and disk2vhd
the current size; where the two differ, the creator application decides. The geometry counts only
for those that are known to go by it, Virtual PC and old qemu-img (which writes the two equal), and
only where it is the smaller one and not capped at its maximum, about 127 GiB. Every other creator,
known or not, gets the current size: wrongly chosen, it adds some sectors of zeros, where the
geometry would cut data off.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006), "Hard Disk Footer
Format" and "Appendix: CHS Calculation". Big-endian.

    Dec  Hex  Field                                                     Type
      0  0x00 cookie "conectix"                                         8 bytes
      8  0x08 features: 2 is always set                                 u32
     12  0x0c file format version 0x00010000                            u32
     16  0x10 data offset: of the dynamic header, or -1 if fixed        u64
     24  0x18 time stamp, seconds since 2000                            u32
     28  0x1c creator application: "vpc ", "win ", "qemu", "tap\0" …    4 bytes
     32  0x20 creator version                                           u32
     36  0x24 creator host OS: "Wi2k", "Mac "                           4 bytes
     40  0x28 original size in bytes                                    u64
     48  0x30 current size in bytes                                     u64
     56  0x38 geometry: cylinders u16, heads u8, sectors per track u8   4 bytes
     60  0x3c disk type: 2 fixed, 3 dynamic, 4 differencing             u32
     64  0x40 checksum: one's complement of the sum of all other bytes  u32
     68  0x44 unique id                                                 16 bytes
     84  0x54 saved state                                               u8
     85  0x55 reserved, zeros                                           427 bytes
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, NamedTuple

from vmferry.formats.vhd.refusal import damaged
from vmferry.units import GIB, SECTOR

COOKIE: Final = b"conectix"
LENGTH: Final = 512
VERSION: Final = 0x00010000
NOWHERE: Final = (1 << 64) - 1

MAX_WRITTEN: Final = 2040 * GIB
"""The largest VHD that Hyper-V, Azure and qemu-img take."""

_FOOTER: Final = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")
_CHECKSUM_AT: Final = 64
_BY_GEOMETRY: Final = (b"vpc ", b"qemu")
_HYPER_V: Final = b"win "
_HYPER_V_VERSION: Final = 0x000A0000


class DiskType(IntEnum):
    """Kinds of disks; 0, 1, 5 and 6 are reserved."""

    FIXED = 2
    DYNAMIC = 3
    DIFFERENCING = 4


class Geometry(NamedTuple):
    """Cylinders, heads and sectors per track."""

    cylinders: int
    heads: int
    sectors: int

    @property
    def size(self) -> int:
        """Bytes that it can address."""
        return self.cylinders * self.heads * self.sectors * SECTOR


_LARGEST: Final = Geometry(65535, 16, 255)


class Footer(NamedTuple):
    """The 512 bytes at the end of every VHD, which a dynamic one repeats at its start."""

    cookie: bytes
    features: int
    version: int
    data_offset: int
    timestamp: int
    creator: bytes
    creator_version: int
    creator_os: bytes
    original_size: int
    current_size: int
    cylinders: int
    heads: int
    sectors: int
    disk_type: int
    checksum: int
    unique_id: bytes
    saved_state: int

    @classmethod
    def unpack(cls, data: bytes, where: int) -> Footer:
        """Take the footer that stands at ``where`` of the file.

        Raises:
            FormatError: It is no footer, is damaged, or of a version that is not known.
        """
        footer = cls._make(_FOOTER.unpack(data))
        if footer.cookie != COOKIE:
            raise damaged("footer cookie", where, found=footer.cookie, expected=COOKIE)
        check_sum("footer", data, _CHECKSUM_AT, where)
        if footer.version != VERSION:
            found, expected = f"{footer.version:#010x}", f"{VERSION:#010x}"
            raise damaged("footer file format version", where + 12, found=found, expected=expected)
        return footer

    def pack(self) -> bytes:
        """Return the 512 bytes, with their checksum."""
        return with_sum(_FOOTER.pack(*self), _CHECKSUM_AT)

    @property
    def virtual_size(self) -> int:
        """Bytes of the disk, by what the creator application goes by (see the module)."""
        geometry = Geometry(self.cylinders, self.heads, self.sectors)
        counts = self.creator in _BY_GEOMETRY and geometry != _LARGEST
        return (
            geometry.size
            if counts and 0 < geometry.size < self.current_size
            else (self.current_size)
        )


def make_footer(size: int, disk_type: DiskType, unique_id: bytes) -> Footer:
    """Return the footer of a disk that we write.

    Creator application is Hyper-V's: readers know only the names of a few, and qemu-img cuts disks
    of all others to their geometry. The time stamp is 0 so that equal disks are equal files.

    Args:
        size: Bytes of the disk.
        disk_type: Fixed or dynamic.
        unique_id: 16 bytes.
    """
    geometry = geometry_of(size)
    return Footer(
        cookie=COOKIE,
        features=2,
        version=VERSION,
        data_offset=NOWHERE if disk_type is DiskType.FIXED else LENGTH,
        timestamp=0,
        creator=_HYPER_V,
        creator_version=_HYPER_V_VERSION,
        creator_os=b"Wi2k",
        original_size=size,
        current_size=size,
        cylinders=geometry.cylinders,
        heads=geometry.heads,
        sectors=geometry.sectors,
        disk_type=disk_type,
        checksum=0,
        unique_id=unique_id,
        saved_state=0,
    )


def geometry_of(size: int) -> Geometry:
    """Return the geometry of a disk of ``size`` bytes, which addresses at most as many."""
    total = min(size, _LARGEST.size) // SECTOR
    if total >= 65535 * 16 * 63:
        return Geometry(total // 255 // 16, 16, 255)
    heads = max(-(-(total // 17) // 1024), 4)
    if total // 17 < heads * 1024 and heads <= 16:
        return Geometry(total // 17 // heads, heads, 17)
    sectors = 31 if total // 31 < 16 * 1024 else 63
    return Geometry(total // sectors // 16, 16, sectors)


def check_size(size: int) -> None:
    """Refuse to write a disk of a size that readers of VHDs do not take."""
    if not 0 < size <= MAX_WRITTEN:
        raise damaged(
            "size of the disk",
            found=f"{size} bytes",
            expected=f"1 to {MAX_WRITTEN}, which is {MAX_WRITTEN // GIB} GiB",
            hint="Export the disk as raw or VMDK",
        )


def with_sum(data: bytes, at: int) -> bytes:
    """Return a structure with its checksum put at ``at``."""
    return data[:at] + struct.pack(">I", _sum(data, at)) + data[at + 4 :]


def check_sum(what: str, data: bytes, at: int, where: int) -> None:
    """Refuse a structure at ``where`` of the file whose checksum, at ``at``, is wrong."""
    found, expected = int.from_bytes(data[at : at + 4]), _sum(data, at)
    if found != expected:
        raise damaged(
            f"{what} checksum", where + at, found=f"{found:#010x}", expected=f"{expected:#010x}"
        )


def _sum(data: bytes, at: int) -> int:
    return ~(sum(data) - sum(data[at : at + 4])) & 0xFFFFFFFF

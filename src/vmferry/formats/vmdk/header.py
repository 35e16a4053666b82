# SPDX-License-Identifier: Apache-2.0
r"""The sparse extent header of a VMDK, which the footer repeats.

Source: VMware, Virtual Disk Format 5.0 (2011), "Hosted Sparse Extent Header" and "Stream-Optimized
Compressed Sparse Extents". Little-endian; places and sizes in sectors of 512 bytes.

    Dec  Hex  Field                                                     Type
      0  0x00 magic "KDMV"                                              4 bytes
      4  0x04 version: 1, 2 (zeroed grains), 3 (stream-optimized)       u32
      8  0x08 flags (below)                                             u32
     12  0x0c capacity                                                  u64
     20  0x14 grain size, a power of two of at least 8                  u64
     28  0x1c place of the embedded descriptor                          u64
     36  0x24 size of the embedded descriptor                           u64
     44  0x2c grain table entries per grain table, usually 512          u32
     48  0x30 place of the redundant grain directory                    u64
     56  0x38 place of the grain directory, or -1: see the footer       u64
     64  0x40 sectors of metadata before the first grain                u64
     72  0x48 unclean shutdown                                          u8
     73  0x49 "\n \r\n", to find transfers in text mode                 4 bytes
     77  0x4d compression: 0 none, 1 deflate                            u16
     79  0x4f zeros                                                     433 bytes

    Bit  Flag
      0  the newline test above is valid
      1  the redundant grain directory is valid
      2  an entry of 1 means a grain of zeros
     16  grains are compressed
     17  there are markers
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.formats.vmdk.refusal import damaged, unsupported
from vmferry.units import GIB, MIB, SECTOR, TIB

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

MAGIC: Final = b"KDMV"
AT_END: Final = (1 << 64) - 1
"""``gd_offset`` of a file that was written as a stream: the footer has the real one."""

NEWLINE_TEST: Final = 1 << 0
REDUNDANT: Final = 1 << 1
ZEROED_GRAINS: Final = 1 << 2
COMPRESSED: Final = 1 << 16
MARKERS: Final = 1 << 17
DEFLATE: Final = 1

NEWLINES: Final = b"\n \r\n"
_FORM: Final = struct.Struct("<4sIIQQQQIQQQB4sH433x")
_MAX_GRAIN: Final = 16 * MIB // SECTOR
_MAX_TABLE_ENTRIES: Final = 4096  # ESX's own tables; hosted products write 512
_MAX_CAPACITY: Final = 64 * TIB // SECTOR  # vSphere stops at 62 TiB
_MAX_DIRECTORY: Final = 8 * MIB // 4  # entries; 64 TiB in grains of 64 KiB need all of them
_MAX_DESCRIPTOR: Final = MIB // SECTOR


class SparseHeader(NamedTuple):
    """The header as it is on disk; places and sizes in sectors."""

    magic: bytes
    version: int
    flags: int
    capacity: int
    grain_size: int
    descriptor_offset: int
    descriptor_size: int
    table_entries: int
    redundant_offset: int
    directory_offset: int
    overhead: int
    unclean: int
    newlines: bytes
    compression: int

    @classmethod
    def unpack(cls, data: bytes, where: int = 0) -> SparseHeader:
        """Read the header from 512 bytes that stood at byte ``where``; check only the magic."""
        header = cls._make(_FORM.unpack(data))
        if header.magic != MAGIC:
            raise unsupported("header magic", where=where, found=header.magic, expected=MAGIC)
        return header

    def pack(self) -> bytes:
        """Return the 512 bytes of the header."""
        return _FORM.pack(*self)

    @property
    def compressed(self) -> bool:
        """Whether grains are deflated behind markers."""
        return bool(self.flags & COMPRESSED)

    @property
    def grains(self) -> int:
        """Grains of the disk, the last one perhaps partly beyond its end."""
        return -(-self.capacity // self.grain_size)

    @property
    def tables(self) -> int:
        """Grain tables of the disk, which is also the number of grain directory entries."""
        return -(-self.grains // self.table_entries)

    @property
    def table_sectors(self) -> int:
        """Sectors of one grain table."""
        return -(-self.table_entries * 4 // SECTOR)

    @property
    def directory_sectors(self) -> int:
        """Sectors of the grain directory."""
        return -(-self.tables * 4 // SECTOR)

    @property
    def redundant(self) -> bool:
        """Whether the second grain directory can be used."""
        return bool(self.flags & REDUNDANT and self.redundant_offset)


def read_header(source: ByteSource) -> SparseHeader:
    """Read and check the header, and take the footer's grain directory where the header has none.

    Raises:
        FormatError: A field is out of its range, structures overlap or leave the file, or header
            and footer disagree.
    """
    if source.size < SECTOR:
        raise unsupported("file", found=f"{source.size} bytes", expected="a header of 512 bytes")
    header = SparseHeader.unpack(source.read_at(0, SECTOR))
    check_fields(header)
    if header.directory_offset == AT_END:
        header = _read_footer(source, header)
    _check_descriptor(header, source.size)
    return header


def check_fields(header: SparseHeader) -> None:
    """Refuse a header whose fields are out of their ranges; needs no file."""
    _check_version(header)
    _check_geometry(header)
    if header.descriptor_offset == 0 or header.descriptor_size == 0:
        raise unsupported(
            "header has no embedded descriptor: this is one extent of a disk of several files",
            where=28,
            hint="Make one stream-optimized file of it with ovftool or vmware-vdiskmanager -t 5",
        )
    if header.descriptor_size > _MAX_DESCRIPTOR:
        raise unsupported(
            "header descriptor size",
            where=36,
            found=f"{header.descriptor_size} sectors",
            expected=f"at most {_MAX_DESCRIPTOR}",
        )


def check_agreement(header: SparseHeader, footer: SparseHeader, where: int) -> None:
    """Refuse a footer that describes another disk than the header does."""
    for field in ("capacity", "grain_size", "table_entries", "compression"):
        in_header, in_footer = getattr(header, field), getattr(footer, field)
        if in_header != in_footer:
            name = field.replace("_", " ")
            raise damaged(
                f"footer {name}", where, found=in_footer, expected=f"{in_header} as header"
            )
    if footer.directory_offset in (0, AT_END):
        raise damaged("footer grain directory", where + 56, found="none", expected="its place")


def _check_version(header: SparseHeader) -> None:
    if header.version not in (1, 2, 3):
        raise unsupported("header version", where=4, found=header.version, expected="1, 2 or 3")
    if header.flags & NEWLINE_TEST and header.newlines != NEWLINES:
        raise damaged("header newline test", 73, found=header.newlines, expected=NEWLINES)
    if not header.compressed:
        return
    if header.compression != DEFLATE:
        raise unsupported(
            "header compression algorithm",
            where=77,
            found=header.compression,
            expected="1, deflate",
        )
    if not header.flags & MARKERS:
        raise unsupported("header flags", where=8, found="compressed grains without markers")


def _check_geometry(header: SparseHeader) -> None:
    grain, entries = header.grain_size, header.table_entries
    if not 8 <= grain <= _MAX_GRAIN or grain & (grain - 1):
        raise unsupported(
            "header grain size",
            where=20,
            found=f"{grain} sectors",
            expected=f"a power of two from 8 to {_MAX_GRAIN}",
        )
    if not 1 <= entries <= _MAX_TABLE_ENTRIES:
        raise unsupported(
            "header grain table entries",
            where=44,
            found=entries,
            expected=f"1 to {_MAX_TABLE_ENTRIES}",
        )
    if not 1 <= header.capacity <= _MAX_CAPACITY:
        raise unsupported(
            "header capacity",
            where=12,
            found=f"{header.capacity} sectors",
            expected=f"1 to {_MAX_CAPACITY}, which is {_MAX_CAPACITY * SECTOR // GIB} GiB",
        )
    if header.tables > _MAX_DIRECTORY:
        raise unsupported(
            "grain directory",
            found=f"{header.tables} entries",
            expected=f"at most {_MAX_DIRECTORY}",
        )


def _read_footer(source: ByteSource, header: SparseHeader) -> SparseHeader:
    """Return the footer, which stands before the end-of-stream marker, the file's last sector."""
    where = source.size - 2 * SECTOR
    if where < SECTOR:
        raise damaged("footer", found=f"a file of {source.size} bytes", expected="a footer")
    footer = SparseHeader.unpack(source.read_at(where, SECTOR), where)
    check_agreement(header, footer, where)
    return header._replace(directory_offset=footer.directory_offset)


def _check_descriptor(header: SparseHeader, size: int) -> None:
    start, end = header.descriptor_offset, header.descriptor_offset + header.descriptor_size
    if start < 1 or end * SECTOR > size:
        raise damaged(
            "descriptor",
            start * SECTOR,
            found=f"{header.descriptor_size} sectors",
            expected=f"between the header and the end, {size} bytes",
        )


def check_directory(header: SparseHeader, place: int, size: int) -> None:
    """Refuse a grain directory at sector ``place`` that overlaps others or leaves the file."""
    end = place + header.directory_sectors
    descriptor_end = header.descriptor_offset + header.descriptor_size
    apart = end <= header.descriptor_offset or place >= descriptor_end
    if place < 1 or not apart or place * SECTOR + header.tables * 4 > size:
        raise damaged(
            "grain directory",
            place * SECTOR,
            found=f"{header.tables} entries",
            expected=f"apart from header and descriptor, inside {size} bytes",
        )

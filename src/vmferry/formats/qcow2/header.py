# SPDX-License-Identifier: Apache-2.0
r"""The header of a qcow2 image: sizes and places of everything else.

Source: QEMU ``docs/interop/qcow2.txt``, "Header". Big-endian; places and sizes in bytes.

    Dec  Hex  Field                                                     Type
      0  0x00 magic "QFI\xfb"                                           4 bytes
      4  0x04 version: 2 or 3                                           u32
      8  0x08 place of the backing file's name, 0 for none              u64
     16  0x10 length of the backing file's name                         u32
     20  0x14 bits of a cluster's size: 9 to 21                         u32
     24  0x18 virtual size                                              u64
     32  0x20 encryption: 0 none, 1 AES, 2 LUKS                         u32
     36  0x24 entries of the active L1 table                            u32
     40  0x28 place of the active L1 table                              u64
     48  0x30 place of the refcount table                               u64
     56  0x38 clusters of the refcount table                            u32
     60  0x3c number of snapshots                                       u32
     64  0x40 place of the snapshot table                               u64
              version 3 only
     72  0x48 incompatible features (``features.py``)                   u64
     80  0x50 compatible features                                       u64
     88  0x58 autoclear features                                        u64
     96  0x60 bits of a refcount's width                                u32
    100  0x64 length of the header, at least 104                        u32
    104  0x68 compression: 0 deflate, 1 zstd; if the header is so long  u8

Refcounts are for writers and are not read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

MAGIC: Final = b"QFI\xfb"
DEFLATE: Final = 0
ZSTD: Final = 1

_FORM: Final = struct.Struct(">4sIQIIQIIQQIIQ")
_MORE: Final = struct.Struct(">QQQII")
_COMPRESSION_AT: Final = _FORM.size + _MORE.size
_CLUSTER_BITS: Final = range(9, 22)
_MAX_L1: Final = 32 * MIB // 8  # entries, QEMU's own limit; 2 PiB in clusters of 64 KiB


class Header(NamedTuple):
    """The header as it is on disk; a version 2 header has no features and deflate."""

    magic: bytes
    version: int
    backing_offset: int
    backing_length: int
    cluster_bits: int
    size: int
    encryption: int
    l1_entries: int
    l1_offset: int
    refcount_offset: int
    refcount_clusters: int
    snapshots: int
    snapshots_offset: int
    incompatible: int = 0
    compatible: int = 0
    autoclear: int = 0
    refcount_order: int = 4
    length: int = _FORM.size
    compression: int = DEFLATE

    @property
    def cluster(self) -> int:
        """Bytes of a cluster, which is also the size of an L2 table."""
        return 1 << self.cluster_bits

    @property
    def l2_entries(self) -> int:
        """Clusters that one L2 table describes."""
        return self.cluster // 8

    @property
    def l1_needed(self) -> int:
        """L1 entries that the disk needs; a saved machine's memory may stand behind them."""
        return -(-self.size // (self.cluster * self.l2_entries))


def probe(source: ByteSource) -> bool:
    """Say whether the file is a qcow2 image, readable or not."""
    return source.size >= len(MAGIC) and source.read_at(0, len(MAGIC)) == MAGIC


def read_header(source: ByteSource) -> Header:
    """Read the header and check every field that sizes or places depend on.

    Raises:
        FormatError: A field is out of its range, or the L1 table is not inside the file.
    """
    header = _unpack(source)
    if header.cluster_bits not in _CLUSTER_BITS:
        raise FormatError(
            "qcow2: cluster bits",
            where=20,
            found=header.cluster_bits,
            expected=f"{_CLUSTER_BITS[0]} to {_CLUSTER_BITS[-1]}",
        )
    if header.version > 2 and not _COMPRESSION_AT <= header.length <= header.cluster:
        raise FormatError(
            "qcow2: header length",
            where=100,
            found=header.length,
            expected=f"{_COMPRESSION_AT} to {header.cluster}",
        )
    _check_l1(header, source.size)
    return header


def _unpack(source: ByteSource) -> Header:
    head = source.read_at(0, min(_COMPRESSION_AT + 1, source.size))
    if len(head) < _FORM.size:
        found, expected = f"{len(head)} bytes", f"a header of {_FORM.size}"
        raise FormatError("qcow2: file", found=found, expected=expected)
    header = Header._make((*_FORM.unpack_from(head), 0, 0, 0, 4, _FORM.size, DEFLATE))
    if header.magic != MAGIC:
        raise FormatError("qcow2: magic", where=0, found=header.magic, expected=MAGIC)
    if header.version not in (2, 3):
        raise FormatError("qcow2: version", where=4, found=header.version, expected="2 or 3")
    if header.version == 2:
        return header
    if len(head) <= _COMPRESSION_AT:
        found, expected = f"{len(head)} bytes", f"more than a header of {_COMPRESSION_AT}"
        raise FormatError("qcow2: file", found=found, expected=expected)
    header = Header._make((*header[:13], *_MORE.unpack_from(head, _FORM.size), DEFLATE))
    if header.length > _COMPRESSION_AT:
        header = header._replace(compression=head[_COMPRESSION_AT])
    return header


def _check_l1(header: Header, size: int) -> None:
    if header.l1_needed > _MAX_L1:
        raise FormatError(
            "qcow2: virtual size",
            where=24,
            found=f"{header.size} bytes, {header.l1_needed} entries of the L1 table",
            expected=f"at most {_MAX_L1} entries",
        )
    if header.l1_entries < header.l1_needed:
        raise FormatError(
            "qcow2: L1 table",
            where=36,
            found=f"{header.l1_entries} entries",
            expected=f"{header.l1_needed} for {header.size} bytes",
        )
    end = header.l1_offset + header.l1_needed * 8
    if header.l1_needed and (
        header.l1_offset % header.cluster or not header.cluster <= header.l1_offset < end <= size
    ):
        raise FormatError(
            "qcow2: L1 table",
            where=40,
            found=f"{header.l1_needed} entries at byte {header.l1_offset}",
            expected=f"at a cluster of {header.cluster} bytes, behind the header, "
            f"inside {size} bytes",
        )

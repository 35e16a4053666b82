# SPDX-License-Identifier: Apache-2.0
r"""The super block, 64 KiB into the partition.

    Dec    Hex    Name
      0    0x000  checksum                  32 bytes
     32    0x020  fsid                      16 bytes
     48    0x030  bytenr, 65536             u64
     56    0x038  flags                     u64: 1 << 33 a dump of metadata without data
     64    0x040  magic "_BHRfS_M"
     72    0x048  generation                u64
     80    0x050  root, of the root tree    u64 logical
     88    0x058  chunk_root                u64 logical
     96    0x060  log_root                  u64 logical, 0: nothing to replay
    136    0x088  num_devices               u64
    144    0x090  sectorsize                u32
    148    0x094  nodesize                  u32
    160    0x0A0  sys_chunk_array_size      u32
    164    0x0A4  chunk_root_generation     u64
    188    0x0BC  incompat_flags            u64
    196    0x0C4  csum_type                 u16
    198    0x0C6  root_level                u8
    199    0x0C7  chunk_root_level          u8
    201    0x0C9  dev_item, from devid      u64
    571    0x23B  metadata_uuid             16 bytes, if the flag of that name is set
    811    0x32B  sys_chunk_array           2048 bytes

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "Superblock".
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from vmferry.errors import FormatError
from vmferry.guest.filesystems.btrfs.checksum import KINDS, is_intact
from vmferry.units import KIB

OFFSET: Final = 64 * KIB
SIZE: Final = 4 * KIB
MAGIC: Final = b"_BHRfS_M"
METADATA_DUMP: Final = 1 << 33
METADATA_UUID: Final = 1 << 10
KNOWN_FEATURES: Final = (1 << 12) - 1 | 1 << 16
"""MIXED_BACKREF up to RAID1C34, and SIMPLE_QUOTA. Above are ZONED, EXTENT_TREE_V2 and
RAID_STRIPE_TREE, which put things elsewhere."""
HIGHEST_LEVEL: Final = 7
ARRAY_SIZE: Final = 2 * KIB
METADATA_UUID_OFFSET: Final = 571
ARRAY_OFFSET: Final = 811

_STRUCT: Final = struct.Struct("<32x16sQQ8sQQQQ32xQII8xIQ16xQHBBxQ")


class _Fields(NamedTuple):
    fsid: bytes
    bytenr: int
    flags: int
    magic: bytes
    generation: int
    root: int
    chunk_root: int
    log_root: int
    devices: int
    sector_size: int
    node_size: int
    array_size: int
    chunk_generation: int
    features: int
    checksum: int
    root_level: int
    chunk_level: int
    device: int


class SuperBlock(NamedTuple):
    """What the super block says, checked.

    Attributes:
        fsid: The UUID that every node carries.
        generation: Of the root tree.
        root: Where the root tree is, a logical address; ``root_level`` is its height.
        chunk_root: Where the chunk tree is, likewise.
        log_root: Where the log of the last seconds is; 0 if there is none.
        devices: How many the file system has; ``device`` is the number of this one.
        sector_size: Bytes that extents are whole multiples of.
        node_size: Bytes of each node.
        checksum: The kind, see ``checksum``.
        system_chunks: The chunks that hold the chunk tree: keys and items, one after the other.
    """

    fsid: bytes
    generation: int
    root: int
    root_level: int
    chunk_root: int
    chunk_level: int
    chunk_generation: int
    log_root: int
    devices: int
    device: int
    sector_size: int
    node_size: int
    checksum: int
    system_chunks: bytes


def read_super_block(data: bytes) -> SuperBlock:
    """Return the super block whose 4096 bytes are ``data``.

    Raises:
        FormatError: It is damaged, or asks for a feature that is not known here.
    """
    if len(data) != SIZE:
        raise FormatError("super block", where=OFFSET, found=f"{len(data)} bytes", expected=SIZE)
    fields = _Fields._make(_STRUCT.unpack_from(data))
    _check(fields, data)
    uuid = fields.fsid
    if fields.features & METADATA_UUID:
        uuid = data[METADATA_UUID_OFFSET : METADATA_UUID_OFFSET + 16]
    return SuperBlock(
        fsid=uuid,
        generation=fields.generation,
        root=fields.root,
        root_level=fields.root_level,
        chunk_root=fields.chunk_root,
        chunk_level=fields.chunk_level,
        chunk_generation=fields.chunk_generation,
        log_root=fields.log_root,
        devices=fields.devices,
        device=fields.device,
        sector_size=fields.sector_size,
        node_size=fields.node_size,
        checksum=fields.checksum,
        system_chunks=data[ARRAY_OFFSET : ARRAY_OFFSET + fields.array_size],
    )


def _check(fields: _Fields, data: bytes) -> None:
    if fields.magic != MAGIC or fields.bytenr != OFFSET:
        raise FormatError("super block", where=OFFSET, found="another one", expected=MAGIC)
    if fields.checksum >= len(KINDS):
        raise FormatError("checksum kind", found=fields.checksum, expected=f"below {len(KINDS)}")
    if not is_intact(data, fields.checksum):
        raise FormatError("super block", where=OFFSET, found="a wrong checksum")
    unknown = fields.features & ~KNOWN_FEATURES
    if unknown or fields.flags & METADATA_DUMP:
        raise FormatError(
            "features",
            found=f"incompatible {unknown:#x}, flags {fields.flags:#x}",
            expected="none that a usual kernel does not have",
            hint="Copy the root to a file system of the usual layout",
        )
    _check_sizes(fields)


def _check_sizes(fields: _Fields) -> None:
    for name, size, least in (
        ("sectorsize", fields.sector_size, 4 * KIB),
        ("nodesize", fields.node_size, fields.sector_size),
    ):
        if not least <= size <= 64 * KIB or size & (size - 1):
            raise FormatError(name, found=size, expected=f"a power of two of {least} … 65536")
    if fields.array_size > ARRAY_SIZE:
        raise FormatError("sys_chunk_array_size", found=fields.array_size, expected=ARRAY_SIZE)
    if max(fields.root_level, fields.chunk_level) > HIGHEST_LEVEL:
        raise FormatError(
            "tree heights",
            found=f"{fields.root_level} and {fields.chunk_level}",
            expected=f"at most {HIGHEST_LEVEL}",
        )

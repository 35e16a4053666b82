# SPDX-License-Identifier: Apache-2.0
"""qcow2 images made byte by byte from the specification, and mutations of them."""

from __future__ import annotations

import struct
import zlib

CLUSTER = 512
"""The smallest cluster: an L2 table has 64 entries and describes 32 KiB."""

COPIED, COMPRESSED, ZERO = 1 << 63, 1 << 62, 1
HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQIIB7x")


def fill(number: int, cluster: int = CLUSTER) -> bytes:
    """Return a cluster that deflates well and tells its number."""
    return struct.pack(">Q", number + 1) * (cluster // 8)


def deflate(data: bytes) -> bytes:
    """Return a raw deflate stream, as QEMU writes it: with a window of 4 KiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    return packer.compress(data) + packer.flush()


def header(**fields: int) -> bytes:
    """Return the header of a disk of 64 KiB with two L1 entries at 512; ``fields`` win."""
    values = {
        "version": 3,
        "backing_offset": 0,
        "backing_length": 0,
        "cluster_bits": 9,
        "size": 65536,
        "encryption": 0,
        "l1_entries": 2,
        "l1_offset": 512,
        "refcount_offset": 0,
        "refcount_clusters": 0,
        "snapshots": 0,
        "snapshots_offset": 0,
        "incompatible": 0,
        "compatible": 0,
        "autoclear": 0,
        "refcount_order": 4,
        "length": 112,
        "compression": 0,
    }
    return HEADER.pack(b"QFI\xfb", *(values | fields).values())


def extension(kind: int, data: bytes) -> bytes:
    """Return a header extension."""
    return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)


def image(
    clusters: dict[int, bytes],
    *,
    packed: dict[int, bytes] | None = None,
    zeros: tuple[int, ...] = (),
    extensions: bytes = b"",
    entries: dict[int, int] | None = None,
    **fields: int,
) -> bytearray:
    """Return an image: header, L1, two L2 tables, clusters, compressed clusters behind each other.

    Args:
        clusters: Stored as they are.
        packed: Streams, whatever they unpack to.
        zeros: Clusters with the zero flag.
        extensions: Behind the header.
        entries: L2 entries as they are to stand in the tables; they win.
        fields: Of the header.
    """
    table = [0] * 128
    body = bytearray()
    base = 4 * CLUSTER
    for number, data in sorted(clusters.items()):
        table[number] = base + len(body) | COPIED
        body += data
    for number, data in sorted((packed or {}).items()):
        place = base + len(body)
        sectors = (place + len(data) - 1) // 512 - place // 512
        table[number] = place | sectors << (70 - 9) | COMPRESSED
        body += data
    for number in zeros:
        table[number] |= ZERO
    for number, entry in (entries or {}).items():
        table[number] = entry
    body += bytes(-len(body) % 512)
    out = bytearray((header(**fields) + extensions).ljust(CLUSTER, b"\0"))
    out += struct.pack(">QQ", 2 * CLUSTER | COPIED, 3 * CLUSTER | COPIED).ljust(CLUSTER, b"\0")
    return out + struct.pack(">128Q", *table) + body

# SPDX-License-Identifier: Apache-2.0
"""Clusters: the entries that place them in the file, and how compressed ones are unpacked.

Source: QEMU ``docs/interop/qcow2.txt``, "Cluster mapping", "Compressed Clusters Descriptor". An
entry is u64, big-endian; ``x`` is 70 minus the bits of a cluster's size.

    Bits      Standard cluster (bit 62 is 0)     Compressed cluster (bit 62 is 1)
      0       reads as zeros (version 3)         0 … x-1   place in the file, to the byte
      1 …  8  0                                  x … 61    sectors of 512 bytes that the data
      9 … 55  place in the file, 0 for none                touches after the one it begins in
     56 … 61  0
     63       refcount is 1; for writers

The data is a raw deflate stream (RFC 1951) or a zstd frame (RFC 8878); what follows it in its last
sector belongs to the next one.
"""

from __future__ import annotations

import io
from typing import Final, cast

import zstandard
from isal import isal_zlib

from vmferry.errors import FormatError
from vmferry.formats.qcow2.header import ZSTD
from vmferry.units import MIB, SECTOR

COMPRESSED: Final = 1 << 62
PLACE: Final = 0x00FF_FFFF_FFFF_FE00
ZERO: Final = 1
RESERVED: Final = 0x3F00_0000_0000_01FE

_RAW_DEFLATE: Final = -15
_MAX_WINDOW: Final = 8 * MIB  # RFC 8878 recommends it; a cluster has at most 2 MiB
_DeflateError = cast("type[Exception]", isal_zlib.error)  # isal's stub calls it an instance


def compressed_span(entry: int, cluster_bits: int) -> tuple[int, int]:
    """Return the place of a compressed cluster's data and the end of its last sector."""
    bits = 70 - cluster_bits
    place = entry & ((1 << bits) - 1)
    sectors = (entry & (COMPRESSED - 1)) >> bits
    return place, (place // SECTOR + sectors + 1) * SECTOR


def decompress(data: bytes | memoryview, cluster: int, compression: int, where: int) -> bytes:
    """Return the bytes of one cluster.

    Args:
        data: The stream and perhaps what stands behind it.
        cluster: Bytes of a cluster; no more than one byte more is ever unpacked.
        compression: Of the header.
        where: Place of the data in the file, for messages.

    Raises:
        FormatError: It is no such stream, or one of another length.
    """
    out = (_unzstd if compression == ZSTD else _inflate)(data, cluster + 1, where)
    if len(out) != cluster:
        found = f"more than {cluster}" if len(out) > cluster else len(out)
        raise FormatError(
            "qcow2: length of a decompressed cluster",
            where=where,
            found=found,
            expected=f"{cluster} bytes",
            hint="The file was cut or changed after it was written; copy the disk once more",
        )
    return out


def _inflate(data: bytes | memoryview, limit: int, where: int) -> bytes:
    try:
        out: bytes = isal_zlib.decompressobj(_RAW_DEFLATE).decompress(data, limit)
    except _DeflateError as error:
        raise _no_stream("deflate", where) from error
    return out


def _unzstd(data: bytes | memoryview, limit: int, where: int) -> bytes:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    try:
        with unpacker.stream_reader(io.BytesIO(data)) as reader:
            return reader.read(limit)
    except zstandard.ZstdError as error:
        raise _no_stream("zstd", where) from error


def _no_stream(name: str, where: int) -> FormatError:
    return FormatError(
        "qcow2: compressed cluster",
        where=where,
        found=f"no {name} stream",
        hint="The file was cut or changed after it was written; copy the disk once more",
    )

# SPDX-License-Identifier: Apache-2.0
"""Disks for the fuzzers to begin with: of every kind that a reader tells apart.

Nothing in them depends on a compressor's version: streams are stored or written by hand.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

from tests.formats import recipes as vmdk
from tests.formats.qcow2 import recipes as qcow2
from tests.formats.vhd import recipes as vhd
from tests.formats.vhdx import images as vhdx

_GRAIN: Final = 8
"""Sectors of the smallest grain."""


def _fill(number: int, length: int) -> bytes:
    return struct.pack("<Q", number + 1) * 4 + bytes(length - 32)


def stored(data: bytes) -> bytes:
    """Return a raw deflate stream of one stored block."""
    return b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data


def _zstd(byte: int) -> bytes:
    """Return a zstd frame of 512 times the same byte (RFC 8878: single segment, one RLE block)."""
    return b"\x28\xb5\x2f\xfd\x60" + struct.pack("<H", 512 - 256) + b"\x03\x10\0" + bytes([byte])


def _descriptor(kind: str, sectors: int) -> bytes:
    """Return a descriptor whose number of sectors has the digits for any (``agree_vmdk``)."""
    return vmdk.descriptor(kind, sectors, f'RW {sectors:018} SPARSE "disk.vmdk"')


def _stream(grains: dict[int, bytes], sectors: int = 64, **options: Any) -> bytes:
    text = _descriptor("streamOptimized", sectors)
    whole: dict[str, Any] = {"grain": _GRAIN, "entries": 8, "level": 0} | options
    return bytes(vmdk.stream_vmdk(grains, sectors, text=text, **whole))


def _sparse(grains: dict[int, bytes], **options: Any) -> bytes:
    text = _descriptor("monolithicSparse", 64)
    whole: dict[str, Any] = {"grain": _GRAIN, "entries": 8, "text": text} | options
    return bytes(vmdk.sparse_vmdk(grains, 64, **whole))


def vmdk_files() -> dict[str, bytes]:
    """Return the files by name."""
    grains = {number: _fill(number, _GRAIN * 512) for number in (0, 3)}
    front = bytearray(_stream(grains))
    front[56:64] = front[-1024 + 56 : -1024 + 64]
    flat = vmdk.descriptor("monolithicFlat", 64, 'RW 64 FLAT "flat.vmdk" 0')
    return {
        "stream": _stream(grains),
        "stream-version-1": _stream(grains, 60, version=1, entries=512),
        "stream-two-tables": _stream({0: grains[0], 9: grains[3]}, 128),
        "stream-tables-in-header": bytes(front),
        "stream-empty": _stream({}),
        "sparse": _sparse(grains, zeroed=(5,)),
        "sparse-one-directory": _sparse(grains, redundant=False),
        "flat": flat,
        "flat-embedded": _sparse({}, text=flat),
        "sesparse": b"\xbe\xba\xfe\xca\0\0\0\0".ljust(512, b"\0"),
        "split": b"COWD\1\0\0\0".ljust(512, b"\0"),
    }


def vhd_files() -> dict[str, bytes]:
    """Return the files by name."""
    blocks = {0: _fill(0, 4096), 2: _fill(2, 4096)}
    dynamic = bytes(vhd.dynamic_vhd(blocks, 5 * 4096, written={2: b"\xf0" + bytes(511)}))
    fixed = vhd.fixed_vhd(_fill(1, 8192))
    geometry = {"creator": b"vpc ", "cylinders": 1, "heads": 4, "sectors": 8}
    return {
        "dynamic": dynamic,
        "dynamic-ragged": bytes(vhd.dynamic_vhd({0: blocks[0]}, 4096 + 512)),
        "dynamic-cut": dynamic[:-512],
        "dynamic-old-footer": dynamic[:-1],
        "dynamic-reverse": bytes(
            vhd.dynamic_vhd(blocks, 3 * 4096, order=lambda numbers: sorted(numbers, reverse=True))
        ),
        "fixed": fixed,
        "fixed-geometry": vhd.fixed_vhd(_fill(1, 20480), **geometry),
        "differencing": vhd.footer(8192, 4) + vhd.header(2, 4096) + vhd.footer(8192, 4),
    }


def vhdx_files() -> dict[str, bytes]:
    """Return the files by name."""
    mib = vhdx.MIB
    image = vhdx.Image(3 * mib, {0: _fill(0, 4096), 2: _fill(2, 4096)}, states={1: 2})
    page = vhdx.page_with(image, image.build(), {1: 6 << 20 | vhdx.PRESENT})
    log = vhdx.ring(
        mib,
        mib - 4096,
        [
            vhdx.log_entry(7, mib - 4096, [(vhdx.BAT_AT, page)], last=8 * mib),
            vhdx.log_entry(
                8,
                mib - 4096,
                [(4 * mib, 5 * 4096), (4 * mib + 8192, _fill(5, 4096)), (5 * mib, 4096)],
                last=8 * mib,
            ),
        ],
    )
    dirty = vhdx.Image(3 * mib, {0: _fill(0, 4096), 2: _fill(2, 4096)}, log=log)
    return {
        "dynamic": bytes(image.build()),
        "dirty": bytes(dirty.build()),
        "sectors-of-4096": bytes(vhdx.Image(2 * mib, {1: _fill(1, 512)}, logical=4096).build()),
        "differencing": bytes(vhdx.Image(mib, flags=2).build()),
        "empty": bytes(vhdx.Image(mib).build()),
    }


def qcow2_files() -> dict[str, bytes]:
    """Return the files by name."""
    clusters = {number: qcow2.fill(number) for number in (0, 1, 70)}
    packed = {4: stored(qcow2.fill(4)), 5: stored(qcow2.fill(5))}
    names = qcow2.extension(0x6803F857, struct.pack(">BB46s", 0, 9, b"nine"))
    return {
        "plain": bytes(qcow2.image(clusters)),
        "mixed": bytes(qcow2.image(clusters, packed=packed, zeros=(1, 9))),
        "zstd": bytes(
            qcow2.image(clusters, packed={4: _zstd(4), 5: _zstd(5)}, incompatible=8, compression=1)
        ),
        "version-2": bytes(qcow2.image(clusters, packed=packed, version=2)),
        "packed-nothing": bytes(qcow2.image({}, packed={4: b"\x03\0"})),
        "ragged": bytes(qcow2.image(clusters, size=65536 - 200)),
        "unknown-feature": bytes(qcow2.image(clusters, extensions=names, incompatible=1 << 9)),
        "backing": bytes(qcow2.image(clusters, backing_offset=256, backing_length=11)),
        "encrypted": bytes(qcow2.image(clusters, encryption=2)),
        "data-file": bytes(qcow2.image(clusters, extensions=qcow2.extension(0x44415441, b"/x"))),
    }


def raw_files() -> dict[str, bytes]:
    """Return the files by name."""
    return {
        "zeros": bytes(1536),
        "bytes": bytes(range(256)) * 4,
        "empty": b"",
        "one": b"\1",
        "vdi": bytes(64) + b"\x7f\x10\xda\xbe" + bytes(512),
        "qed": b"QED\0" + bytes(512),
        "parallels": b"WithoutFreeSpace" + bytes(512),
        "tar": bytes(257) + b"ustar\x0000" + bytes(512),
        "qcow2": bytes(qcow2.image({})),
        "vhd-and-qcow2": vhd.fixed_vhd(bytes(qcow2.header().ljust(4096, b"\0"))),
        "mbr": _mbr((0x83, 1, 2)),
    }


def _mbr(*slots: tuple[int, int, int]) -> bytes:
    """Return the first sector of a disk; a slot is a type, a start and a length in sectors."""
    table = b"".join(struct.pack("<B3xB3xII", 0, *slot) for slot in slots)
    return bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"


def mbr_files() -> dict[str, bytes]:
    """Return the files by name."""
    chain = bytearray(32 * 512)
    chain[:512] = _mbr((0x83, 1, 2), (5, 8, 20))
    chain[8 * 512 : 9 * 512] = _mbr((0x83, 1, 2), (5, 6, 4))
    chain[14 * 512 : 15 * 512] = _mbr((0x82, 1, 2))
    loop = bytearray(chain)
    loop[8 * 512 : 9 * 512] = _mbr((0x83, 1, 2), (5, 0, 20))
    return {
        "primary": _mbr((0x83, 1, 2), (7, 4, 4), (0, 0, 0), (0xEF, 10, 2)).ljust(8192, b"\0"),
        "logical": bytes(chain),
        "loop": bytes(loop),
        "none": bytes(1024),
    }


def _gpt(entries: int = 128, length: int = 128) -> bytes:
    """Return a disk of 128 sectors with two partitions."""
    kind = bytes.fromhex("af3dc60f838472478e793d69d8477de4")
    rows = [
        struct.pack("<16s16sQQQ72s", kind, bytes([number] * 16), first, first + 3, 0, b"a\0")
        for number, first in ((1, 40), (2, 50))
    ]
    table = b"".join(row.ljust(length, b"\0") for row in rows).ljust(entries * length, b"\0")
    disk = bytearray(128 * 512)
    disk[:512] = _mbr((0xEE, 1, 127))
    for here, other, at in ((1, 127, 2), (127, 1, 95)):
        sums = [0, zlib.crc32(table)]
        for _ in range(2):
            header = struct.pack(
                *("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, sums[0], 0, here, other),
                *(34, 94, b"\7" * 16, at, entries, length, sums[1]),
            )
            sums[0] = zlib.crc32(header)
        disk[here * 512 : here * 512 + 92] = header
        disk[at * 512 : at * 512 + len(table)] = table
    return bytes(disk)


def gpt_files() -> dict[str, bytes]:
    """Return the files by name."""
    damaged = bytearray(_gpt())
    damaged[512:520] = b"EFI PARX"
    return {
        "two": _gpt(),
        "few-entries": _gpt(4),
        "long-entries": _gpt(8, 256),
        "backup": bytes(damaged),
        "unprotected": _mbr((0x83, 1, 127)) + _gpt()[512:],
    }

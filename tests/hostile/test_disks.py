# SPDX-License-Identifier: Apache-2.0
"""Disks that are huge, that inflate without end, or that are of two formats.

Small files with a virtual size of 16 TiB and more (GHSA-2w87-5qcj-j6gx), inflate bombs, and files
that mean different things to different readers (CVE-2010-3851, CVE-2026-24708).
"""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Final

import pytest
from tests.formats import recipes as vmdk
from tests.formats.qcow2 import recipes as qcow2
from tests.formats.recipes import MemorySource
from tests.formats.vhd import recipes as vhd
from tests.formats.vhdx import images as vhdx
from tests.fuzz.parsers import PARSERS
from tests.fuzz.recipes import seeds
from tests.fuzz.scattered import ScatteredFile, gather, join, scatter, split

from vmferry.errors import FormatError
from vmferry.formats import detect, open_disk
from vmferry.formats._magics import MAGICS
from vmferry.units import KIB, MIB, SECTOR, TIB

if TYPE_CHECKING:
    from collections.abc import Callable

DISKS: Final = ("vmdk", "vhd", "vhdx", "qcow2")


def _vmdk(size: int) -> bytes:
    """Return a monolithicSparse VMDK whose grain directories have no tables."""
    sectors = size // SECTOR
    tables = sectors // (128 * 512)
    fields = [b"KDMV", 1, 3, sectors, 128, 1, 20, 512, 64, 64, 128, 0, b"\n \r\n", 0]
    text = vmdk.descriptor("monolithicSparse", sectors)
    return join(64 * SECTOR + tables * 4, [(0, vmdk.HEADER.pack(*fields)), (SECTOR, text)])


def _vhd(size: int) -> bytes:
    """Return a dynamic VHD without blocks: 2 MiB each, as Hyper-V has them."""
    entries = size // (2 * MIB)
    end = 1536 + entries * 4
    ends = vhd.footer(size)
    table = [(at, b"\xff" * 0xFE00) for at in range(1536, end, 0xFE00)]
    return join(end + 512, [(0, ends), (512, vhd.header(entries, 2 * MIB)), *table, (end, ends)])


def _fixed_vhd(size: int) -> bytes:
    return join(size + 512, [(size, vhd.footer(size, 2))])


def _vhdx(size: int) -> bytes:
    head = vhdx.Image(MIB).build()
    table = vhdx.Image(size).bat_size
    struct.pack_into("<Q", head, vhdx.METADATA_AT + 64 * KIB + 8, size)
    for place in (192 * KIB, 256 * KIB):
        struct.pack_into("<I", head, place + 16 + 24, table)
    vhdx.reseal(head)
    return join(vhdx.BAT_AT + table + MIB, split(scatter(head))[1])


def _id(value: object) -> str:
    size = f"{value / TIB:g}TiB" if isinstance(value, int) else ""
    return size or getattr(value, "__name__", str(value)).strip("_")[:20]


def _qcow2(size: int) -> bytes:
    bits = 16 if size <= 2048 * TIB else 21
    entries = -(-size >> (2 * bits - 3))
    fields = {"cluster_bits": bits, "size": size, "l1_entries": entries, "l1_offset": 1 << bits}
    return join((1 << bits) + entries * 8, [(0, qcow2.header(**fields))])


HUGE: Final[tuple[tuple[str, Callable[[int], bytes], int], ...]] = (
    ("vmdk", _vmdk, 16 * TIB),
    ("vmdk", _vmdk, 64 * TIB),
    ("vhd", _vhd, 2 * TIB),
    ("vhd", _fixed_vhd, 16 * TIB),
    ("vhdx", _vhdx, 16 * TIB),
    ("vhdx", _vhdx, 64 * TIB),
    ("qcow2", _qcow2, 16 * TIB),
    ("qcow2", _qcow2, 2048 * TIB),
)


@pytest.mark.parametrize(("name", "make", "size"), HUGE, ids=_id)
def test_a_huge_disk_of_nothing_costs_nothing(
    name: str, make: Callable[[int], bytes], size: int
) -> None:
    source = ScatteredFile(make(size), f"disk.{name}")
    started = time.process_time()
    disk = open_disk(source, name)
    opened = time.process_time() - started
    extents = list(disk.extents())
    walked = time.process_time() - started - opened
    assert [(extent.offset, extent.length) for extent in extents] == [(0, size)]
    assert disk.read_at(size - 4096, 4096) == bytes(4096)
    assert opened < 1
    assert walked < 1


@pytest.mark.parametrize(("name", "make", "size"), HUGE, ids=_id)
def test_a_huge_disk_of_nothing_takes_little_memory(
    name: str, make: Callable[[int], bytes], size: int
) -> None:
    source = ScatteredFile(make(size), f"disk.{name}")
    tracemalloc.start()
    try:
        for _ in open_disk(source, name).extents():
            pass
        assert tracemalloc.get_traced_memory()[1] < 128 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "make", "size", "message"),
    [
        ("vmdk", _vmdk, 128 * TIB, "vmdk: header capacity at byte 12"),
        ("vhd", _vhd, 4 * TIB, "vhd: size of the disk: found 4398046511104, expected at most"),
        ("vhdx", _vhdx, 64 * TIB + 512, "vhdx: virtual disk size: found 70368744178176"),
        ("qcow2", _qcow2, 1 << 62, "qcow2: virtual size at byte 24"),
    ],
    ids=_id,
)
def test_a_size_that_no_disk_has(
    name: str, make: Callable[[int], bytes], size: int, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        open_disk(ScatteredFile(make(size), f"disk.{name}"), name)


@pytest.mark.parametrize("compression", ["deflate", "zstd"])
def test_a_cluster_that_inflates_without_end(compression: str) -> None:
    """64 KiB of the file become 128 MiB (zstd), or 60 MiB, if nobody stops."""
    frame = b"\x28\xb5\x2f\xfd\0\x38"  # a window of 128 KiB, no content size
    block = struct.pack("<I", (128 * KIB) << 3 | 1 << 1)[:3] + b"\0"
    bomb = frame + block * 1023 + struct.pack("<I", (128 * KIB) << 3 | 1 << 1 | 1)[:3] + b"\0"
    if compression == "deflate":
        bomb = zlib.compressobj(9, zlib.DEFLATED, -15).compress(bytes(60 * MIB))
    assert len(bomb) < 64 * KIB
    cluster = 64 * KIB
    entry = 4 * cluster | -(-len(bomb) // 512) << (70 - 16) | qcow2.COMPRESSED
    zstd = {"incompatible": 8, "compression": 1} if compression == "zstd" else {}
    fields = {"cluster_bits": 16, "size": cluster, "l1_entries": 1, "l1_offset": cluster, **zstd}
    table = struct.pack(">Q", 2 * cluster | qcow2.COPIED)
    pieces = [(0, qcow2.header(**fields)), (cluster, table)]
    pieces += [(2 * cluster, struct.pack(">Q", entry)), (4 * cluster, bomb)]
    disk = open_disk(MemorySource(gather(join(6 * cluster, pieces), MIB)), "qcow2")
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="decompressed cluster at byte 262144: found more"):
            disk.read_at(0, 10)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", DISKS)
@pytest.mark.parametrize("declared", ["raw", *DISKS])
def test_a_disk_declared_as_another_format(name: str, declared: str) -> None:
    """The header is the guest's to write in a raw disk; what is declared must be found."""
    for seed in seeds(name).values():
        source = ScatteredFile(seed, "disk")
        if declared != name and detect(source) == name:
            with pytest.raises(FormatError, match=f"found {name}, expected {declared} as declared"):
                open_disk(source, declared)


@pytest.mark.parametrize("name", ["vmdk", "vhdx", "qcow2"])
def test_a_disk_with_the_footer_of_another(name: str) -> None:
    for seed in seeds(name).values():
        size, pieces = split(seed)
        data = join(size + 512, [*pieces, (size, vhd.footer(512, 2))])
        if detect(ScatteredFile(seed, "disk")) == name:
            for declared in (None, "raw", "vhd", name):
                with pytest.raises(FormatError, match="disk: disk has more than one format"):
                    open_disk(ScatteredFile(data, "disk"), declared)


@pytest.mark.parametrize("magic", MAGICS, ids=lambda magic: f"{magic.name} at {magic.at}")
def test_a_raw_disk_with_the_header_of_a_format_that_is_not_read(
    magic: tuple[str, int, bytes],
) -> None:
    name, at, value = magic
    for size in (at + len(value), MIB):
        data = join(size, [(at, value)])
        assert not PARSERS["raw"].run(data)
        with pytest.raises(FormatError, match=f"found {name}, expected raw as declared"):
            open_disk(ScatteredFile(data, "disk"), "raw")
        both = join(size + 512, [(at, value), (size, vhd.footer(512, 2))])
        with pytest.raises(FormatError, match="more than one format"):
            open_disk(ScatteredFile(both, "disk"), "vhd")

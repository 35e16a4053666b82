# SPDX-License-Identifier: Apache-2.0
"""MBR tables, against sfdisk."""

from __future__ import annotations

import lzma
import os
import struct
from pathlib import Path

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.tables import as_sfdisk, sfdisk_table
from tests.guest.test_window import Memory

from vmferry.guest.volumes.mbr import VOLUMES, records
from vmferry.guest.window import Window
from vmferry.units import MIB

DATA = Path(os.environ.get("VMFERRY_TEST_DATA") or Path(__file__).parents[3] / "../shared/data")

SCRIPTS = {
    "one": "start=2048, size=2048, type=83, bootable",
    "four": "\n".join(f"start={2048 * n}, size=2048, type={t}" for n, t in enumerate("6b7c", 1)),
    "logical": """\
start=2048, size=2048, type=83
start=8192, size=32768, type=5
start=40960, size=2048, type=82
start=10240, size=2048, type=83
start=14336, size=2048, type=8e
start=20480, size=2048, type=83""",
    "gaps": "3: start=4096, size=2048, type=83\n4: start=2048, size=2048, type=ef",
    "lba": "start=2048, size=30720, type=f\nstart=4096, size=2048, type=83",
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", SCRIPTS)
def test_reads_what_sfdisk_wrote(name: str, tmp_path: Path) -> None:
    path = sfdisk_table(tmp_path / "disk.raw", "dos", SCRIPTS[name])
    disk = FileDisk(path)
    partitions = VOLUMES.read(Window(disk, 0, disk.size, "disk 1"), 1)
    assert partitions is not None
    assert {partition.disk for partition in partitions} == {1}
    found = [(p.number, p.offset, p.size, int(p.kind, 16)) for p in partitions]
    assert sorted(found) == [
        (number, offset, size, int(kind, 16))
        for number, offset, size, kind in as_sfdisk(path)
        if int(kind, 16) not in (5, 15)
    ]


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["mbr", "gpt_empty_with_mbr"])
def test_reads_samples_as_sfdisk(name: str, tmp_path: Path) -> None:
    sample = DATA / "filesystems" / f"{name}.raw.xz"
    if not sample.exists():
        pytest.skip(f"{sample} is absent; VMFERRY_TEST_DATA names its folder")
    path = tmp_path / "disk.raw"
    path.write_bytes(lzma.decompress(sample.read_bytes()))
    disk = FileDisk(path)
    partitions = VOLUMES.read(Window(disk, 0, disk.size, "disk 0"), 0)
    assert partitions is not None
    assert [(p.number, p.offset, p.size) for p in partitions] == [
        (number, offset, size) for number, offset, size, kind in as_sfdisk(path) if kind != "5"
    ]


def _sector(*entries: tuple[int, int, int, int], signature: bytes = b"\x55\xaa") -> bytes:
    table = b"".join(struct.pack("<B3xB3xII", *entry) for entry in entries)
    return bytes(446) + table.ljust(64, b"\0") + signature


@pytest.mark.parametrize(
    "sector",
    [
        b"",
        bytes(512),
        _sector(),
        _sector((0, 0x83, 1, 1), signature=b"\0\0"),
        _sector((0x20, 0x83, 1, 1)),
        _sector((0, 0x83, 1, 1), (0x7F, 0, 0, 0)),
        _sector((0, 0, 1, 1), (0, 0x83, 1, 0)),
    ],
)
def test_what_is_no_table(sector: bytes) -> None:
    assert records(sector) == ()
    assert VOLUMES.read(Window(Memory(sector), 0, len(sector), "disk 0"), 0) is None


def test_an_extended_partition_that_leads_to_itself_ends() -> None:
    first = _sector((0, 5, 8, 100))
    loop = _sector((0, 0x83, 1, 1), (0, 5, 0, 100))
    disk = Memory((first.ljust(8 * 512, b"\0") + loop).ljust(MIB, b"\0"))
    try:
        partitions = VOLUMES.read(Window(disk, 0, disk.size, "disk 0"), 0)
    except OSError:
        return
    assert partitions is not None
    assert len(partitions) <= 256

# SPDX-License-Identifier: Apache-2.0
"""GPT tables, against sfdisk."""

from __future__ import annotations

import json
import lzma
import os
import struct
from pathlib import Path

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.tables import as_sfdisk, sfdisk_table
from tests.guest.test_window import Memory
from tests.guests.drawing import run

from vmferry.guest.volumes import gpt
from vmferry.guest.volumes.gpt import VOLUMES
from vmferry.guest.window import Readable, Window
from vmferry.units import SECTOR

DATA = Path(os.environ.get("VMFERRY_TEST_DATA") or Path(__file__).parents[3] / "../shared/data")
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


def _read(path: Path) -> list[tuple[int, int, int, str]]:
    disk = FileDisk(path)
    partitions = VOLUMES.read(Window(disk, 0, disk.size, "disk 0"), 0)
    assert partitions is not None
    return sorted((p.number, p.offset, p.size, p.kind) for p in partitions)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "script",
    [
        f"start=2048, size=2048, type={LINUX}",
        f"5: start=4096, size=2048, type={LINUX}\n2: start=8192, size=1, type={LINUX}",
        "\n".join(f"start={4096 + 8 * n}, size=8, type={LINUX}" for n in range(128)),
    ],
)
def test_reads_what_sfdisk_wrote(script: str, tmp_path: Path) -> None:
    path = sfdisk_table(tmp_path / "disk.raw", "gpt", script)
    assert _read(path) == as_sfdisk(path)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["gpt", "gpt_non_sequential"])
def test_reads_samples_as_sfdisk(name: str, tmp_path: Path) -> None:
    path = _sample(name, tmp_path)
    assert _read(path) == as_sfdisk(path)


def _sample(name: str, folder: Path) -> Path:
    sample = DATA / "filesystems" / f"{name}.raw.xz"
    if not sample.exists():
        pytest.skip(f"{sample} is absent; VMFERRY_TEST_DATA names its folder")
    path = folder / "disk.raw"
    path.write_bytes(lzma.decompress(sample.read_bytes()))
    return path


def test_a_dead_gpt_behind_a_real_mbr_does_not_count(tmp_path: Path) -> None:
    disk = FileDisk(_sample("gpt_empty_with_mbr", tmp_path))
    assert VOLUMES.read(Window(disk, 0, disk.size, "disk 0"), 0) is None


def test_a_short_disk_has_no_table() -> None:
    assert VOLUMES.read(Window(Memory(b"x"), 0, 1, "disk 0"), 0) is None


def test_a_protective_mbr_without_gpt_is_damage() -> None:
    sector = bytes(450) + b"\xee" + bytes(3) + b"\x01\0\0\0\xff\0\0\0" + bytes(48) + b"\x55\xaa"
    disk = Memory(sector.ljust(1 << 20, b"\0"))
    with pytest.raises(OSError, match="partition table header"):
        VOLUMES.read(Window(disk, 0, disk.size, "disk 0"), 0)


@pytest.mark.oracle
def test_reads_the_names_that_sfdisk_gave(tmp_path: Path) -> None:
    script = f'start=2048, size=8, type={LINUX}, name="root disk"\n5: size=8, name="f\\xc3\\xbc"'
    path = sfdisk_table(tmp_path / "disk.raw", "gpt", script)
    table = json.loads(run(["sfdisk", "--json", str(path)]))["partitiontable"]
    assert _labels(FileDisk(path)) == [entry["name"] for entry in table["partitions"]]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("at", "data", "labels"),
    [
        (SECTOR + 72, b"\xff" * 8, ["", ""]),
        (SECTOR + 72, b"\x03", ["", ""]),
        (SECTOR + 84, b"\0" * 4, ["", ""]),
        (SECTOR + 84, b"\xff" * 4, ["", ""]),
        (SECTOR + 80, b"\xff" * 4, ["a", "b"]),
        (SECTOR + 80, b"\x01\0\0\0", ["a", ""]),
        (SECTOR, b"\0" * 8, ["", ""]),
        (2 * SECTOR + 56, b"\0\xd8", ["\ufffd", "b"]),
    ],
)
def test_names_that_are_damaged(at: int, data: bytes, labels: list[str], tmp_path: Path) -> None:
    path = sfdisk_table(tmp_path / "disk.raw", "gpt", "size=8, name=a\nsize=8, name=b")
    disk = Memory(path.read_bytes())
    disk.data = disk.data[:at] + data + disk.data[at + len(data) :]
    found = gpt.labels(_window(disk))
    assert [found.get(place, "") for place in (0, 1)] == labels


@pytest.mark.parametrize(("count", "length"), [(4, 1 << 24), (1 << 20, 128), ((1 << 32) - 1, 1)])
@pytest.mark.parametrize("at", [SECTOR, (1 << 20) - SECTOR])
def test_a_table_that_is_said_to_be_huge_is_not_read(at: int, count: int, length: int) -> None:
    """Found by the fuzzer: libvsgpt read four entries of 16 MiB each, and took 190 MiB for them."""
    data = bytearray(1 << 20)
    data[446 + 4] = gpt.PROTECTIVE
    data[510:512] = b"\x55\xaa"
    data[at : at + 8] = gpt.HEADER
    data[at + 80 : at + 88] = struct.pack("<II", count, length)
    with pytest.raises(ValueError, match=f"gpt: {count} entries of {length} bytes at byte {at}"):
        VOLUMES.read(_window(Memory(bytes(data))), 0)


def _window(disk: Readable) -> Window:
    return Window(disk, 0, disk.size, "disk 0")


def _labels(disk: Readable) -> list[str]:
    partitions = VOLUMES.read(_window(disk), 0)
    assert partitions is not None
    return [partition.partlabel for partition in partitions]

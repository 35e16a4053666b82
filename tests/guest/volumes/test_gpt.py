# SPDX-License-Identifier: Apache-2.0
"""GPT tables, against sfdisk."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.tables import as_sfdisk, sfdisk_table
from tests.guest.test_window import Memory

from vmferry.guest.volumes.gpt import VOLUMES
from vmferry.guest.window import Window

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

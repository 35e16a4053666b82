# SPDX-License-Identifier: Apache-2.0
"""qemu-img reads, checks and compares what we write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import scattered, write_file

from vmferry.formats.raw import RawWriter
from vmferry.formats.vhdx.writer import VhdxWriter
from vmferry.units import MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.oracle
@pytest.mark.parametrize("size", [512, 100 * MIB, 65 * MIB + 512 * 3, 5000 * MIB])
def test_qemu_img_reads_what_we_write(
    size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    disk = scattered(size)
    vhdx, raw = tmp_path / "a.vhdx", tmp_path / "a.raw"
    cuts = [size // 2 // MIB * MIB] if size > MIB else []
    write_file(VhdxWriter(size), disk, vhdx, cuts)
    write_file(RawWriter(size), disk, raw, cuts)
    assert "No errors were found" in qemu_img("check", "-f", "vhdx", vhdx)
    if size < 1000 * MIB:
        assert "identical" in qemu_img("compare", "-f", "raw", "-F", "vhdx", raw, vhdx)
    info = json.loads(qemu_img("info", "--output", "json", vhdx))
    assert info["virtual-size"] == size
    assert info["cluster-size"] == MIB
    assert vhdx.stat().st_size % MIB == 0


@pytest.mark.oracle
def test_a_disk_of_many_tebibytes(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "big.vhdx"
    write_file(VhdxWriter(20 * TIB), scattered(20 * TIB), path, [TIB, 19 * TIB])
    assert "No errors were found" in qemu_img("check", "-f", "vhdx", path)
    assert path.stat().st_size == (3 + 6 + 12 * 32) * MIB

# SPDX-License-Identifier: Apache-2.0
"""qemu-img reads and compares what we write (it has no ``check`` for VHDs)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import scattered, write_file

from vmferry.formats.raw import RawWriter
from vmferry.formats.vhd.dynamic import DynamicVhdWriter
from vmferry.formats.vhd.fixed import FixedVhdWriter
from vmferry.units import MIB, round_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.formats import Writer


@pytest.mark.oracle
@pytest.mark.parametrize("make", [FixedVhdWriter, DynamicVhdWriter])
@pytest.mark.parametrize("size", [512, 70 * MIB, 65 * MIB + 512 * 3])
def test_qemu_img_reads_what_we_write(
    make: Callable[[int], Writer], size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    disk = scattered(size)
    vhd, raw = tmp_path / "a.vhd", tmp_path / "a.raw"
    cuts = list(range(32 * MIB, size, 32 * MIB))
    write_file(make(size), disk, vhd, cuts)
    write_file(RawWriter(size), disk, raw, cuts)
    assert "identical" in qemu_img("compare", "-f", "raw", "-F", "vpc", raw, vhd)
    info = json.loads(qemu_img("info", "-f", "vpc", "--output", "json", vhd))
    assert info["format"] == "vpc"
    if make is FixedVhdWriter:
        assert info["virtual-size"] == round_up(size, MIB)
        assert vhd.stat().st_size == info["virtual-size"] + 512
    else:
        assert info["virtual-size"] == size
        assert vhd.stat().st_size < 14 * 2 * MIB + MIB

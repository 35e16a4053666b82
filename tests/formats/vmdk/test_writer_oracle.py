# SPDX-License-Identifier: Apache-2.0
"""qemu-img reads, checks and compares what we write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, scattered, write_file

from vmferry.formats import open_disk
from vmferry.formats.raw import RawWriter
from vmferry.formats.vmdk.writer import VmdkWriter
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.oracle
@pytest.mark.parametrize("size", [512, 100 * MIB, 65 * MIB + 512 * 3])
def test_qemu_img_reads_what_we_write(
    size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    disk = scattered(size)
    vmdk, raw = tmp_path / "a.vmdk", tmp_path / "a.raw"
    cuts = list(range(32 * MIB, size, 32 * MIB))
    write_file(VmdkWriter(size), disk, vmdk, cuts)
    write_file(RawWriter(size), disk, raw, cuts)
    assert "No errors were found" in qemu_img("check", "-f", "vmdk", vmdk)
    assert "identical" in qemu_img("compare", "-f", "raw", "-F", "vmdk", raw, vmdk)
    info = json.loads(qemu_img("info", "--output", "json", vmdk))
    assert info["virtual-size"] == size
    assert info["format-specific"]["data"]["create-type"] == "streamOptimized"
    assert info["format-specific"]["data"]["extents"][0]["compressed"] is True
    written = raw.read_bytes()
    for extent in disk.extents():
        assert written[extent.offset : extent.end] == disk.read_at(extent.offset, extent.length)
    assert open_disk(FileSource(raw), "raw").size == size

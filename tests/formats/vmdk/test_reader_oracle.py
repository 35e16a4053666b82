# SPDX-License-Identifier: Apache-2.0
"""The reader against qemu-img, and against samples that others made."""

from __future__ import annotations

import hashlib
import lzma
import random
import time
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, MemorySource, read_all, samples

from vmferry.formats import open_disk
from vmferry.formats.vmdk.reader import VmdkReader
from vmferry.units import MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["streamOptimized", "monolithicSparse"])
@pytest.mark.parametrize("size", [40 * MIB, 33 * MIB + 512 * 5, 512])
def test_qemu_img_makes_what_we_read(
    kind: str, size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    chance = random.Random(size)
    raw, vmdk = tmp_path / "a.raw", tmp_path / "a.vmdk"
    with raw.open("wb") as file:
        for _ in range(25):
            file.seek(chance.randrange(0, size, 512))
            file.write(chance.randbytes(chance.randrange(200_000)))
        file.truncate(size)
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", f"subformat={kind}", raw, vmdk)
    disk = open_disk(FileSource(vmdk), "vmdk")
    assert isinstance(disk, VmdkReader)
    assert disk.create_type == kind
    assert disk.warnings == ()
    back = tmp_path / "b.raw"
    qemu_img("convert", "-f", "vmdk", "-O", "raw", vmdk, back)
    assert read_all(disk) == back.read_bytes()


@pytest.mark.oracle
def test_a_sparse_tebibyte_of_qemu_img(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "big.vmdk"
    qemu_img("create", "-f", "vmdk", "-o", "subformat=monolithicSparse", path, "1T")
    started = time.process_time()
    disk = VmdkReader(FileSource(path))
    assert [(extent.length, extent.kind.value) for extent in disk.extents()] == [(TIB, "zero")]
    assert time.process_time() - started < 5


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"])
def test_qemu_img_makes_what_we_refuse(
    kind: str, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "a.vmdk"
    qemu_img("create", "-f", "vmdk", "-o", f"subformat={kind}", path, "10M")
    for file in sorted(tmp_path.iterdir()):
        if "flat" in file.name or "-f0" in file.name:
            continue
        with pytest.raises(Exception, match="vmdk: ") as caught:
            open_disk(FileSource(file), "vmdk")
        assert getattr(caught.value, "aws_text", "") == (
            "ClientError: Disk validation failed [Unsupported VMDK File Format]"
        )


@pytest.mark.oracle
def test_the_samples_read_as_qemu_img_does() -> None:
    table = samples() / "disks" / "ORACLE.tsv"
    if not table.exists():
        pytest.skip(f"no {table}")
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    found = [row for row in rows if row[0].endswith((".vmdk", ".raw"))]
    assert found
    for name, size, digest, *_ in found:
        data = lzma.decompress((samples() / "disks" / f"{name}.xz").read_bytes())
        disk = open_disk(MemorySource(data, name), None)
        assert disk.size == int(size)
        assert hashlib.sha256(read_all(disk)).hexdigest() == digest

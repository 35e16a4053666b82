# SPDX-License-Identifier: Apache-2.0
"""The reader against qemu-img, and against samples that Windows and others made."""

from __future__ import annotations

import hashlib
import lzma
import random
import time
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, MemorySource, read_all, samples

from vmferry.errors import FormatError
from vmferry.formats import open_disk
from vmferry.formats.vhd.footer import geometry_of
from vmferry.formats.vhd.footers import find_footer
from vmferry.formats.vhd.reader import VhdReader
from vmferry.units import GIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["dynamic", "fixed"])
@pytest.mark.parametrize("force", ["on", "off"])
@pytest.mark.parametrize("size", [40 * MIB, 33 * MIB + 512 * 5])
def test_qemu_img_makes_what_we_read(
    kind: str, force: str, size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    chance = random.Random(size)
    raw, vhd, back = tmp_path / "a.raw", tmp_path / "a.vhd", tmp_path / "b.raw"
    with raw.open("wb") as file:
        for _ in range(15):
            file.seek(chance.randrange(0, size, 512))
            file.write(chance.randbytes(chance.randrange(200_000)))
        file.truncate(size)
    options = f"subformat={kind},force_size={force}"
    qemu_img("convert", "-f", "raw", "-O", "vpc", "-o", options, raw, vhd)
    disk = open_disk(FileSource(vhd), "vhd")
    assert isinstance(disk, VhdReader)
    assert (disk.create_type, disk.warnings) == (kind, ())
    qemu_img("convert", "-f", "vpc", "-O", "raw", vhd, back)
    assert disk.size == back.stat().st_size >= size
    assert read_all(disk) == back.read_bytes()


@pytest.mark.oracle
def test_two_sparse_tebibytes_of_qemu_img(qemu_img: Callable[..., str], tmp_path: Path) -> None:
    path, size = tmp_path / "big.vhd", 2040 * GIB
    qemu_img("create", "-f", "vpc", "-o", "force_size=on", path, size)
    started = time.process_time()
    disk = VhdReader(FileSource(path))
    assert [(extent.length, extent.kind.value) for extent in disk.extents()] == [(size, "zero")]
    assert time.process_time() - started < 1


@pytest.mark.oracle
@pytest.mark.parametrize("size", [MIB, 40 * MIB, 700 * MIB, 9 * GIB, 100 * GIB, 500 * GIB])
def test_the_geometry_is_that_of_qemu_img(
    size: int, qemu_img: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "a.vhd"
    qemu_img("create", "-f", "vpc", path, size)
    footer = find_footer(FileSource(path)).footer
    geometry = geometry_of(footer.current_size)
    assert (footer.cylinders, footer.heads, footer.sectors) == geometry


def rows() -> list[list[str]]:
    table = samples() / "disks" / "ORACLE.tsv"
    if not table.exists():
        pytest.skip(f"no {table}")
    lines = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return [line for line in lines if line[0].endswith(".vhd")]


def sample(name: str) -> MemorySource:
    return MemorySource(lzma.decompress((samples() / "disks" / f"{name}.xz").read_bytes()), name)


@pytest.mark.oracle
def test_the_samples_read_as_qemu_img_does() -> None:
    found = [row for row in rows() if len(row[2]) == 64]
    assert len(found) >= 4
    for name, size, digest, *_ in found:
        disk = open_disk(sample(name), None)
        assert disk.size == int(size)
        assert hashlib.sha256(read_all(disk)).hexdigest() == digest, name
        assert isinstance(disk, VhdReader)
        assert disk.warnings == ()


@pytest.mark.oracle
def test_the_differencing_samples_are_refused() -> None:
    found = [row[0] for row in rows() if "differencing" in row[3]]
    assert len(found) >= 3
    for name in found:
        with pytest.raises(FormatError) as caught:
            open_disk(sample(name), "vhd")
        assert caught.value.message.startswith("vhd: differencing disk at byte"), name


@pytest.mark.oracle
def test_the_sample_whose_footers_have_a_wrong_checksum() -> None:
    """ORACLE.tsv says "dynamic header"; it is both footers, and qemu-img refuses it as well."""
    if not any(row[0] == "image.vhd" for row in rows()):
        pytest.skip("no image.vhd")
    with pytest.raises(FormatError) as caught:
        open_disk(sample("image.vhd"), "vhd")
    assert caught.value.message == (
        "vhd: footer checksum at byte 2099776: found 0xfffff683, expected 0xffffef25"
    )

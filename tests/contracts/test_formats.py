# SPDX-License-Identifier: Apache-2.0
"""What holds for every format, whoever adds it: its disk, its refusals, its writer.

A format that is written is read back from its own writer; one that is only read is made by
qemu-img.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, MemorySource, SparseDisk, write_disk

from vmferry.errors import FormatError, SourceError
from vmferry.formats import all_formats, detect, open_disk
from vmferry.model.disk import ExtentKind
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.model.disk import Disk

SIZE = 70 * MIB
NAMES = sorted(all_formats())


@pytest.fixture(scope="module")
def original() -> SparseDisk:
    chance = random.Random(11)
    places = {0: 700, 65536: 65536, 33 * MIB + 5: 300_000, 64 * MIB - 9: 18, SIZE - 600: 600}
    return SparseDisk(SIZE, {at: chance.randbytes(length) for at, length in places.items()})


@pytest.fixture(scope="module", params=NAMES)
def path(
    request: pytest.FixtureRequest, original: SparseDisk, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    target = folder / f"disk.{request.param}"
    write = all_formats()[request.param].write
    if write is not None:
        write_disk(write(SIZE), original, target, [32 * MIB, 64 * MIB])
        return target
    if shutil.which("qemu-img") is None:
        pytest.skip("no qemu-img here")
    raw = folder / "raw"
    raw.write_bytes(original.read_at(0, SIZE))
    command = ["qemu-img", "convert", "-f", "raw", "-O", request.param, raw, target]
    subprocess.run(command, check=True, timeout=60)
    return target


@pytest.fixture
def disk(path: Path) -> Disk:
    return open_disk(FileSource(path), path.suffix[1:])


def test_detection_finds_the_format(path: Path) -> None:
    assert detect(FileSource(path)) == path.suffix[1:]


def test_the_content_comes_back(disk: Disk, original: SparseDisk) -> None:
    assert disk.size == SIZE
    chance = random.Random(12)
    ranges = [(0, SIZE), (0, 0), (SIZE, 0), (SIZE - 1, 1), (65535, 2), (64 * MIB - 1, 2)]
    ranges += [(at, chance.randrange(SIZE - at)) for at in chance.sample(range(SIZE), 12)]
    for offset, length in ranges:
        assert disk.read_at(offset, length) == original.read_at(offset, length)


@pytest.mark.parametrize(("offset", "length"), [(0, None), (0, SIZE), (1000, 40 * MIB), (SIZE, 0)])
def test_extents_cover_the_range(disk: Disk, offset: int, length: int | None) -> None:
    extents = list(disk.extents(offset, length))
    end = SIZE if length is None else offset + length
    assert [extents[0].offset, extents[-1].end] == [offset, end] if extents else offset == end
    for before, after in pairwise(extents):
        assert before.end == after.offset
        assert before.kind is not after.kind
    assert all(extent.length > 0 for extent in extents)


def test_zero_extents_read_as_zeros(disk: Disk) -> None:
    for extent in disk.extents():
        if extent.kind is ExtentKind.ZERO:
            assert not any(disk.read_at(extent.offset, extent.length))


@pytest.mark.parametrize(
    ("offset", "length"), [(-1, 1), (0, -1), (0, SIZE + 1), (SIZE, 1), (1 << 62, 1)]
)
def test_a_range_outside_is_refused(disk: Disk, offset: int, length: int) -> None:
    with pytest.raises((FormatError, SourceError)):
        disk.read_at(offset, length)
    with pytest.raises((FormatError, SourceError)):
        list(disk.extents(offset, length))


def test_a_cut_file_is_refused_by_name(path: Path) -> None:
    content = path.read_bytes()
    refused: list[FormatError | SourceError] = []
    for length in (0, 1, 511, 512, 1000, 4096, len(content) // 2):
        try:
            disk = open_disk(MemorySource(content[:length], path.name), path.suffix[1:])
            disk.read_at(0, disk.size)
        except (FormatError, SourceError) as error:
            refused.append(error)
    assert len(refused) == (0 if path.suffix == ".raw" else 7)
    for refusal in refused:
        assert refusal.status_message.startswith("ClientError: ")


def test_slices_begin_at_powers_of_two() -> None:
    for disk_format in all_formats().values():
        if disk_format.write is not None:
            alignment = disk_format.write(SIZE).alignment
            assert alignment >= 512
            assert alignment & (alignment - 1) == 0


def test_a_slice_may_be_encoded_again(original: SparseDisk, path: Path, tmp_path: Path) -> None:
    """A worker that was killed leaves half a slice; the next one writes it whole."""
    write = all_formats()[path.suffix[1:]].write
    if write is None:
        pytest.skip("read only")
    writer, target = write(SIZE), tmp_path / "again"
    if writer.placed:
        with target.open("w+b") as out:
            writer.encode(original, 0, 32 * MIB, out)
        with target.open("r+b") as out:
            for offset, end in pairwise((0, 32 * MIB, 64 * MIB, SIZE)):
                writer.encode(original, offset, end - offset, out)
            writer.assemble([], out)
    else:
        write_disk(writer, original, target, [32 * MIB])
    assert target.read_bytes() == path.read_bytes()

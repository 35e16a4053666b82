# SPDX-License-Identifier: Apache-2.0
"""What holds for every format, whoever adds it: its disk, its refusals, its writer.

A format that is written is read back from its own writer; one that is only read is made by
qemu-img.
"""

from __future__ import annotations

import io
import random
import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import FileSource, MemorySource, SparseDisk, ignore, write_file, written

from vmferry.errors import FormatError, IntegrityError, SourceError
from vmferry.formats import Effort, all_formats, arrange, detect, open_disk
from vmferry.model.disk import ExtentKind
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.model.disk import Disk

SIZE = 70 * MIB
CUTS = [32 * MIB, 64 * MIB]
NAMES = sorted(all_formats())


def kinds(name: str) -> list[str]:
    return list(all_formats()[name].writers) or [""]


@pytest.fixture(scope="module")
def original() -> SparseDisk:
    chance = random.Random(11)
    places = {0: 700, 65536: 65536, 33 * MIB + 5: 300_000, 64 * MIB - 9: 18, SIZE - 600: 600}
    return SparseDisk(SIZE, {at: chance.randbytes(length) for at, length in places.items()})


@pytest.fixture(scope="module", params=[(name, kind) for name in NAMES for kind in kinds(name)])
def path(
    request: pytest.FixtureRequest, original: SparseDisk, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    name, kind = request.param
    folder = tmp_path_factory.mktemp(name)
    target = folder / f"disk.{name}"
    if kind:
        write_file(all_formats()[name].writers[kind](SIZE), original, target, CUTS)
        return target
    if shutil.which("qemu-img") is None:
        pytest.skip("no qemu-img here")
    raw = folder / "raw"
    raw.write_bytes(original.read_at(0, SIZE))
    command = ["qemu-img", "convert", "-f", "raw", "-O", name, raw, target]
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


WRITERS = [(name, kind) for name in NAMES for kind in all_formats()[name].writers]


@pytest.mark.parametrize(("name", "kind"), WRITERS)
def test_slices_begin_at_powers_of_two(name: str, kind: str) -> None:
    alignment = all_formats()[name].writers[kind](SIZE).alignment
    assert alignment >= 512
    assert alignment & (alignment - 1) == 0


@pytest.mark.parametrize(("name", "kind"), WRITERS)
def test_equal_disks_give_equal_files(name: str, kind: str, original: SparseDisk) -> None:
    make = all_formats()[name].writers[kind]
    content = original.read_at(0, SIZE)
    flat = SparseDisk(SIZE, {0: content})
    assert written(make(SIZE), original, CUTS) == written(make(SIZE), flat)


@pytest.mark.parametrize(("name", "kind"), WRITERS)
@pytest.mark.parametrize("effort", Effort)
def test_every_effort_gives_the_same_disk(
    name: str, kind: str, effort: Effort, original: SparseDisk
) -> None:
    data = written(all_formats()[name].writers[kind](SIZE, effort=effort), original)
    disk = open_disk(MemorySource(data, "disk"), name)
    assert disk.read_at(0, SIZE) == original.read_at(0, SIZE)


@pytest.mark.parametrize(("name", "kind"), WRITERS)
def test_a_body_is_a_function_of_its_slice(name: str, kind: str, original: SparseDisk) -> None:
    """A worker that was killed leaves half a slice; the next one puts the same bytes."""
    writer, put = all_formats()[name].writers[kind](SIZE), list[tuple[int, bytes]]()

    def keep(at: int, data: bytes | memoryview) -> None:
        put.append((at, bytes(data)))

    first = writer.encode(original, 32 * MIB, 32 * MIB, keep)
    half = len(put)
    assert writer.encode(original, 32 * MIB, 32 * MIB, keep) == first
    assert put[half:] == put[:half]
    assert all(0 <= at <= at + len(data) <= first.size for at, data in put)


@pytest.mark.parametrize(("name", "kind"), WRITERS)
def test_missing_slices(name: str, kind: str, original: SparseDisk) -> None:
    writer, slices = all_formats()[name].writers[kind](SIZE), [(0, 64 * MIB), (64 * MIB, 6 * MIB)]
    encoded = [writer.encode(original, *each, ignore) for each in slices]
    first, second = arrange(writer, slices, encoded)
    message = f"{name}: slice of byte {64 * MIB}, expected that of 0"
    with pytest.raises(IntegrityError, match=message):
        writer.finish([second], io.BytesIO())
    with pytest.raises(IntegrityError, match=f"slices of {64 * MIB} bytes, expected {SIZE}"):
        writer.finish([first], io.BytesIO())


@pytest.mark.parametrize(("name", "kind"), WRITERS)
@pytest.mark.parametrize(("offset", "length"), [(1, 10), (SIZE, SIZE), (0, -1), (0, SIZE + 2)])
def test_slices_that_are_no_slices(name: str, kind: str, offset: int, length: int) -> None:
    with pytest.raises(FormatError, match=f"{name}: slice: found"):
        all_formats()[name].writers[kind](SIZE).encode(SparseDisk(SIZE, {}), offset, length, ignore)

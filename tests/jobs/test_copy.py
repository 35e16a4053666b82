# SPDX-License-Identifier: Apache-2.0
"""From a disk to a map without a service: slices that cover the disk, copied and sealed."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.disks import Pieces, noise, same, text
from tests.fixtures.rooms import steps_of

from vmferry.errors import FormatError, SourceError, TaskCancelledError
from vmferry.jobs._copy import SNAPSHOT, cut, fresh_disk, import_disk, seal_map
from vmferry.model.disk import DiskLocation, Extent, ExtentKind
from vmferry.stores import open_source
from vmferry.tasks.steps import CANCELLED
from vmferry.units import BLOCK, GIB, KIB, MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps


class Described:
    """A disk that has extents and no bytes."""

    def __init__(self, size: int, data: list[tuple[int, int]]) -> None:
        self.size, self.data = size, data

    def __repr__(self) -> str:
        return f"Described({self.size}, {self.data})"

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        assert (offset, length) == (0, None)
        at = 0
        for start, end in self.data:
            if start > at:
                yield Extent(at, start - at, ExtentKind.ZERO)
            yield Extent(start, end - start, ExtentKind.DATA)
            at = end
        if at < self.size:
            yield Extent(at, self.size - at, ExtentKind.ZERO)

    def read_at(self, offset: int, length: int) -> bytes:
        raise AssertionError("cutting reads nothing")


@st.composite
def described(draw: st.DrawFn) -> Described:
    size = draw(st.integers(0, 3000))
    edges = sorted(draw(st.sets(st.integers(0, size), max_size=20)))
    # Edges differ, so two extents of data never meet, as in every format.
    return Described(size, list(zip(edges[::2], edges[1::2], strict=False)))


def _held(disk: Described, alignment: int, offset: int, length: int) -> int:
    """Return the bytes of a slice as they are stored: units that hold any data, whole."""
    touched = {at // alignment for start, stop in disk.data for at in range(start, stop)}
    inside = range(offset // alignment, -(-(offset + length) // alignment))
    return sum(alignment for unit in touched if unit in inside)


@given(described(), st.sampled_from([1, 8, 64, 512]), st.integers(1, 500))
def test_slices_cover_the_disk_from_end_to_end(
    disk: Described, alignment: int, target: int
) -> None:
    slices = list(cut(disk, alignment, target))
    assert slices[0][0] == 0
    assert [offset for offset, _ in slices[1:]] == [offset + n for offset, n in slices[:-1]]
    assert sum(slices[-1]) == disk.size
    assert all(offset % alignment == 0 for offset, _ in slices)
    assert all(length > 0 for _, length in slices) or slices == [(0, 0)]
    held = [_held(disk, alignment, *each) for each in slices]
    assert all(target <= each for each in held[:-1])
    assert held[-1] or len(slices) == 1, "no slice is there for a hole"
    assert all(each < target + alignment for each in held)


def test_a_slice_of_many_small_extents_is_no_larger_in_memory() -> None:
    # A sparse file of 4 KiB islands: each 512 KiB block has 64 of them.
    step = 8 * KIB
    disk = Described(GIB, [(at, at + 4 * KIB) for at in range(0, GIB, step)])
    blocks = [length // BLOCK for _, length in cut(disk, BLOCK, 32 * MIB)]
    assert max(blocks) <= 32 * MIB // BLOCK


def test_holes_cost_nothing() -> None:
    disk = Described(8 * TIB, [(GIB, GIB + 1), (3 * TIB, 3 * TIB + 7), (8 * TIB - 1, 8 * TIB)])
    assert list(cut(disk, BLOCK, 32 * MIB)) == [(0, 8 * TIB)]
    assert list(cut(disk, BLOCK, 1)) == [
        (0, 3 * TIB),
        (3 * TIB, 5 * TIB - BLOCK),
        (8 * TIB - BLOCK, BLOCK),
    ]


def test_a_full_disk_of_a_tebibyte_is_cut_at_once() -> None:
    start = time.process_time()
    slices = list(cut(Described(TIB, [(0, TIB)]), BLOCK, 32 * MIB))
    assert len(slices) == TIB // (32 * MIB)
    assert {length for _, length in slices} == {32 * MIB}
    assert time.process_time() - start < 20, "it took 1 s"


def _raw(path: Path, disk: Pieces) -> dict[str, Any]:
    with path.open("wb") as out:
        for at, data in disk.pieces.items():
            out.seek(at)
            out.write(data)
        out.truncate(disk.size)
    return asdict(DiskLocation(url=f"file://{path}", format="raw", label="the disk"))


DISK = Pieces(100 * MIB + 700, {MIB: noise(1, 70 * MIB), 99 * MIB + 5: text(2, MIB)})


def test_a_disk_becomes_a_sealed_map(rooms: Rooms, tmp_path: Path) -> None:
    steps, shares = steps_of(rooms), cast("list[float]", [])
    map_id = import_disk(cast("Steps", steps), 3, _raw(tmp_path / "a", DISK), shares.append)
    assert map_id == "import-snap-1.3"
    assert same(rooms.snapshot_disk(map_id), DISK)
    assert shares == sorted(shares)
    assert (len(shares), shares[-1]) == (3, 1.0)
    assert rooms.blocks.list("maps/") == ["maps/import-snap-1.3"]


def test_sealing_twice_after_a_kill_finds_the_map(rooms: Rooms, tmp_path: Path) -> None:
    steps, where = steps_of(rooms), _raw(tmp_path / "a", DISK)
    map_id = import_disk(cast("Steps", steps), 0, where, lambda _: None)
    present = rooms.snapshot_disk(map_id).present
    assert seal_map(where, "t", ["parts that are gone"], map_id, str(steps.work / "x")) == present


def test_a_cancelled_task_copies_no_more(rooms: Rooms, tmp_path: Path) -> None:
    steps = steps_of(rooms)
    (steps.work / CANCELLED).touch()
    with pytest.raises(TaskCancelledError):
        import_disk(cast("Steps", steps), 0, _raw(tmp_path / "a", DISK), lambda _: None)
    assert rooms.blocks.list() == ["lock"]


def test_a_location_is_a_part_of_an_object_or_a_snapshot(rooms: Rooms, tmp_path: Path) -> None:
    (tmp_path / "ova").write_bytes(b"head" + b"disk" + b"tail")
    url = f"file://{tmp_path / 'ova'}"
    for offset, length, content in ((4, 4, b"disk"), (4, None, b"disktail"), (0, 4, b"head")):
        disk = fresh_disk(DiskLocation(url=url, format="raw", offset=offset, length=length))
        assert disk.read_at(0, disk.size) == content
    with pytest.raises(SourceError, match=r"it: bytes 4 \+ 9 are not inside"):
        fresh_disk(DiskLocation(url=url, format="raw", offset=4, length=9, label="it"))
    with pytest.raises(FormatError):
        fresh_disk(DiskLocation(url=url, format="vmdk"))
    map_id = import_disk(
        cast("Steps", steps_of(rooms)), 0, _raw(tmp_path / "a", DISK), lambda _: None
    )
    assert same(fresh_disk(DiskLocation(url=map_id, format=SNAPSHOT)), DISK)


def test_an_object_that_was_replaced_is_not_mixed_with_its_successor(
    rooms: Rooms, tmp_path: Path
) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(noise(1, MIB))
    url = f"file://{path}"
    version = open_source(url).version
    location = DiskLocation(url=url, format="raw", label="s3://b/k", version=version)
    assert fresh_disk(location).read_at(0, MIB) == noise(1, MIB)
    path.unlink()
    path.write_bytes(noise(2, MIB))
    with pytest.raises(SourceError) as caught:
        fresh_disk(location)
    assert caught.value.message == "s3://b/k: the object was replaced while it was imported"

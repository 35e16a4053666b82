# SPDX-License-Identifier: Apache-2.0
"""From a disk to a map without a service: slices that cover the disk, copied and sealed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.blocks.disks import Pieces, noise, same, text
from tests.fixtures.rooms import steps_of

from vmferry.errors import FormatError, SourceError, TaskCancelledError
from vmferry.jobs._copy import SNAPSHOT, fresh_disk, import_disk, seal_map
from vmferry.model.disk import DiskLocation
from vmferry.stores import open_source
from vmferry.tasks.steps import CANCELLED
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps


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
    assert caught.value.message == "s3://b/k: the object was replaced while it was read"

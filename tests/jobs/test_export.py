# SPDX-License-Identifier: Apache-2.0
"""From a snapshot to an artifact without a service: encoded in slices, delivered once."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, cast

import pytest
from tests.blocks.disks import Pieces, noise, same, text
from tests.fixtures.rooms import steps_of

from vmferry import formats
from vmferry.blocks import seal
from vmferry.blocks.map import map_key
from vmferry.errors import StorageFullError, TaskCancelledError
from vmferry.jobs._export import Artifact, _room, deliver, export_disk
from vmferry.jobs.export_image import KINDS
from vmferry.stores.directory import FileSource
from vmferry.tasks.steps import CANCELLED
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps

DISK = Pieces(150 * MIB, {MIB: noise(1, 80 * MIB), 99 * MIB: text(2, 40 * MIB)})


@pytest.fixture
def map_id(rooms: Rooms, tmp_path: Path) -> str:
    """The map of a sealed snapshot of two slices."""
    part, draft = tmp_path / "part", tmp_path / "draft"
    rooms.ingest.copy(DISK, 0, DISK.size, part, lambda _: None)
    seal([part], DISK.size, draft)
    rooms.blocks.adopt(map_key("m"), draft, lambda _: None)
    return "m"


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_an_artifact_has_the_disks_bytes(rooms: Rooms, map_id: str, name: str, kind: str) -> None:
    steps, shares = steps_of(rooms, "export-ami-1"), cast("list[float]", [])
    artifact = export_disk(cast("Steps", steps), 2, Artifact(map_id, name, kind), shares.append)
    assert artifact == str(steps.work / "artifact-2")
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    again = export_disk(cast("Steps", steps), 2, Artifact(map_id, name, kind), shares.append)
    source = FileSource(steps.work / "artifact-2", "artifact")
    assert again == artifact, "a step that is done again after a kill makes the same"
    assert same(formats.open_disk(source, name), DISK)


def test_without_room_nothing_is_left_that_takes_it(tmp_path: Path) -> None:
    piece = tmp_path / "piece"
    piece.write_bytes(b"begun")
    with pytest.raises(StorageFullError, match="could not be written"), _room(piece, 5):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not piece.exists()


def test_an_artifact_is_delivered_once(rooms: Rooms, tmp_path: Path) -> None:
    work, artifact = tmp_path / "work", tmp_path / "work" / "artifact-0"
    work.mkdir()
    artifact.write_bytes(b"artifact")
    bucket = rooms.config.bucket_root / "out"
    bucket.mkdir(parents=True)
    assert deliver(str(artifact), "out", "exports/it.vmdk", str(work)) == 8
    assert (bucket / "exports" / "it.vmdk").read_bytes() == b"artifact"
    assert not artifact.exists()
    assert deliver(str(artifact), "out", "exports/it.vmdk", str(work)) == 8, "after a kill"


def test_a_cancelled_task_delivers_nothing(rooms: Rooms, tmp_path: Path) -> None:
    work, artifact = tmp_path / "work", tmp_path / "work" / "artifact-0"
    work.mkdir()
    artifact.write_bytes(b"artifact")
    (work / CANCELLED).touch()
    with pytest.raises(TaskCancelledError):
        deliver(str(artifact), "out", "it", str(work))
    assert not (rooms.config.bucket_root / "out").exists()

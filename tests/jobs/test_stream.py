# SPDX-License-Identifier: Apache-2.0
"""In parts: the object is what the whole artifact would be, to the byte, also after kills."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.blocks.disks import Pieces, noise, text
from tests.fixtures.rooms import StepsInPlace, steps_of
from tests.jobs.maps import stored

from vmferry.errors import IntegrityError, TaskCancelledError
from vmferry.jobs import _stream
from vmferry.jobs._export import Artifact, export_disk
from vmferry.jobs._stream import Upload, _Edges, join_parts, stream_disk
from vmferry.jobs.export_image import KINDS
from vmferry.model.bytes import PartStore
from vmferry.tasks.steps import CANCELLED
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vmferry.blocks import SnapshotDisk
    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Steps

DISK = Pieces(
    9 * 32 * MIB + 5,
    {at * 32 * MIB: (noise if at % 3 else text)(at, (at + 1) * 700 * KIB) for at in range(9)},
)
PLACE = ("bucket", "exports/it")


class Parts:
    """A store of one object, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.upload = 0
        self.sent: list[int] = []

    def begin(self, key: str) -> str:
        self.abandon(key)
        self.upload += 1
        return str(self.upload)

    def send(self, key: str, upload: str, number: int, body: bytes | bytearray) -> str:
        assert (key, upload) == (PLACE[1], str(self.upload))
        self.parts[number] = bytes(body)
        self.sent.append(number)
        return f"tag-{number}"

    def join(self, key: str, upload: str, tags: Sequence[str]) -> None:
        assert upload == str(self.upload)
        assert tags == [f"tag-{number}" for number in range(1, len(self.parts) + 1)]
        self.objects[key] = b"".join(self.parts[number] for number in sorted(self.parts))

    def abandon(self, key: str) -> None:
        del key
        self.parts.clear()

    def size(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def _unused(self, *_arguments: object) -> None:
        raise AssertionError

    open = put = delete = list = adopt = _unused


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Small parts of small slices, and where they go."""
    store = Parts()
    place = SimpleNamespace(object_place=lambda _bucket, key: (store, key))
    monkeypatch.setattr(_stream, "here", lambda: place)
    monkeypatch.setattr(_stream, "SLICE", 2 * MIB)
    monkeypatch.setattr(_stream, "SMALLEST", 3 * MIB)
    monkeypatch.setattr(_stream, "BATCH", 2)
    return store


def sent(rooms: Rooms, artifact: Artifact, shares: list[float], parts: Parts) -> Upload:
    """Send a snapshot in parts, and make it visible."""
    assert isinstance(parts, PartStore)
    steps = steps_of(rooms, "export-ami-1")
    upload = stream_disk(cast("Steps", steps), 0, artifact, PLACE, shares.append)
    assert upload is not None
    assert PLACE[1] not in parts.objects, "before all disks are there nothing is to be seen"
    assert not list(steps.work.glob("piece-*"))
    steps.run(join_parts, *PLACE, upload.id, upload.tags, upload.size, str(steps.work))
    return upload


@pytest.mark.parametrize("name", ["raw", "vhd", "vmdk"])
def test_the_parts_are_the_artifact(rooms: Rooms, parts: Parts, name: str) -> None:
    artifact = Artifact(stored(rooms, DISK), name, KINDS[name])
    shares: list[float] = []
    upload = sent(rooms, artifact, shares, parts)
    steps = steps_of(rooms, "export-ami-2")
    whole = export_disk(cast("Steps", steps), 0, artifact, lambda _share: None)
    expected = Path(whole).read_bytes()
    assert upload.size == len(expected)
    assert parts.objects[PLACE[1]] == expected
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(upload.tags) > 4
    assert sorted(parts.sent) == list(range(1, len(upload.tags) + 1)), "each is sent once"
    sizes = [len(parts.parts[number]) for number in sorted(parts.parts)]
    assert min(sizes[:-1]) >= 3 * MIB


@pytest.mark.parametrize("name", ["raw", "vhd", "vmdk"])
@pytest.mark.parametrize("data", [{}, {MIB: b"one"}])
def test_a_small_disk_is_one_part(
    rooms: Rooms, parts: Parts, name: str, data: dict[int, bytes]
) -> None:
    artifact = Artifact(stored(rooms, Pieces(2 * MIB - 512, data)), name, KINDS[name])
    assert len(sent(rooms, artifact, [], parts).tags) == 1
    whole = export_disk(cast("Steps", steps_of(rooms, "2")), 0, artifact, lambda _share: None)
    assert parts.objects[PLACE[1]] == Path(whole).read_bytes()


class Killed(Exception):
    """The process ended here."""


class KilledSteps(StepsInPlace):
    """Steps that end after so many, and then answer from what they recorded."""

    def __init__(self, steps: StepsInPlace) -> None:
        super().__init__(steps.task, steps.work)
        self.left = 0
        self.recorded: list[tuple[object, Any]] = []

    def begin(self, more: int) -> None:
        """Run again from the beginning; ``more`` steps are done before the next kill."""
        self.at, self.left = 0, more

    def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        if self.at == len(self.recorded):
            if not self.left:
                # Done, but not recorded: the worst moment.
                function(*arguments)
                raise Killed
            self.left -= 1
            self.recorded.append((function, function(*arguments)))
        self.at += 1
        assert self.recorded[self.at - 1][0] is function, "steps never change places"
        return self.recorded[self.at - 1][1]


@pytest.mark.parametrize("name", ["raw", "vmdk"])
@pytest.mark.parametrize("pieces_survive", [True, False])
def test_it_goes_on_after_a_kill_at_every_step(
    rooms: Rooms, parts: Parts, name: str, *, pieces_survive: bool
) -> None:
    artifact = Artifact(stored(rooms, DISK), name, KINDS[name])
    steps = KilledSteps(steps_of(rooms, "export-ami-1"))
    upload, kills = None, 0
    while upload is None:
        steps.begin(more=1)
        try:
            upload = stream_disk(cast("Steps", steps), 0, artifact, PLACE, lambda _share: None)
        except Killed:
            kills += 1
            if not pieces_survive:
                for piece in steps.work.glob("piece-*"):
                    piece.unlink()
    # The second upload is the one: the first was begun and not recorded.
    assert upload.id == str(parts.upload)
    assert kills == len(steps.recorded) - 1
    join_parts(*PLACE, upload.id, upload.tags, upload.size, str(steps.work))
    whole = export_disk(cast("Steps", steps_of(rooms, "2")), 0, artifact, lambda _share: None)
    assert parts.objects[PLACE[1]] == Path(whole).read_bytes()


def test_what_cannot_go_in_parts(
    rooms: Rooms, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    map_id, steps = stored(rooms, DISK), cast("Steps", steps_of(rooms, "1"))
    vhdx = Artifact(map_id, "vhdx", "dynamic")
    assert stream_disk(steps, 0, vhdx, PLACE, lambda _share: None) is None
    monkeypatch.setattr(_stream, "MOST_PARTS", 2)
    monkeypatch.setattr(_stream, "LARGEST", 128 * MIB)
    large = Artifact(map_id, "raw", "flat")
    assert stream_disk(steps, 0, large, PLACE, lambda _share: None) is None
    assert not parts.sent


def test_an_object_of_another_size_is_noticed(parts: Parts, tmp_path: Path) -> None:
    upload = parts.begin(PLACE[1])
    tag = parts.send(PLACE[1], upload, 1, b"abc")
    with pytest.raises(IntegrityError, match=r"^s3://bucket/exports/it: has 3 bytes, expected 4$"):
        join_parts(*PLACE, upload, [tag], 4, str(tmp_path))


def test_a_cancelled_task_sends_nothing(rooms: Rooms, parts: Parts, tmp_path: Path) -> None:
    (tmp_path / CANCELLED).touch()
    with pytest.raises(TaskCancelledError):
        join_parts(*PLACE, "1", [], 0, str(tmp_path))
    artifact = Artifact(stored(rooms, DISK), "raw", "flat")
    with pytest.raises(TaskCancelledError):
        _stream.send_part(artifact, [], 0, 0, [], (*PLACE, "1"), str(tmp_path))
    assert not parts.sent


def test_a_body_that_is_sent_is_not_written_again() -> None:
    disk = cast("SnapshotDisk", Pieces(100, {0: b"disk"}))
    edges = _Edges(10, 110, disk)
    edges.seek(50)
    with pytest.raises(IntegrityError, match="export: byte 50 is in a body that is sent already"):
        edges.write(b"x")
    edges.seek(5)
    with pytest.raises(IntegrityError, match="export: byte 5 is in a body"):
        edges.write(bytes(10))
    with pytest.raises(IntegrityError, match="export: 20 bytes end in a body"):
        edges.truncate(20)
    with pytest.raises(IntegrityError, match="bodies of this format cannot be read"):
        edges.read(1)
    plain = _Edges(0, 100, disk)
    plain.truncate(110)
    plain.seek(0)
    assert plain.read(4) == b"disk"
    plain.seek(98)
    assert plain.read(20) == bytes(12)
    assert plain.tell() == plain.seek(0, 2) == 110

# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment of a task: it comes back, goes on where it was, and the bytes are right."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, select

from vmferry import stores
from vmferry.blocks import SnapshotDisk
from vmferry.database.tables import snapshots
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.service import RunningService

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SIZE = 640 * MIB
KILLS = 10


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk of 640 MiB: random bytes, text, repeats and holes, as streamOptimized VMDK and raw."""
    folder = tmp_path_factory.mktemp("disk")
    chance = random.Random(7)
    raw = folder / "disk.raw"
    with raw.open("wb") as out:
        for position in range(0, SIZE, 4 * MIB):
            out.seek(position)
            kind = chance.randrange(4)
            if kind == 0:
                out.write(chance.randbytes(4 * MIB))
            elif kind == 1:
                out.write(f"{position:016x}".encode() * (4 * MIB // 16))
            elif kind == 2:
                out.write(chance.randbytes(2 * MIB) + bytes(2 * MIB))
        out.truncate(SIZE)
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
         str(raw), str(folder / "disk.vmdk")],
        check=True,
    )  # fmt: skip
    return folder


def start_import(service: RunningService, key: str) -> str:
    answer = service.client("ec2").import_snapshot(
        DiskContainer={"Format": "VMDK", "UserBucket": {"S3Bucket": "bucket-in", "S3Key": key}}
    )
    return str(answer["ImportTaskId"])


def recorded_steps(service: RunningService, task: str) -> dict[int, tuple[Any, ...]]:
    """Return what DBOS has recorded of the task's steps."""
    with sqlite3.connect(service.state_dir / "tasks.sqlite") as connection:
        rows = connection.execute(
            "SELECT function_id, function_name, output, started_at_epoch_ms "
            "FROM operation_outputs WHERE workflow_uuid = ?",
            (task,),
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def stored_digest(service: RunningService, snapshot_id: str) -> str:
    """Return the SHA-256 of a snapshot, read straight from the state directory."""
    engine = create_engine(f"sqlite:///{service.state_dir / 'vmferry.sqlite'}")
    with engine.connect() as connection:
        query = select(snapshots.c.map_id).where(snapshots.c.id == snapshot_id)
        map_id = str(connection.execute(query).scalar())
    engine.dispose()
    stored = SnapshotDisk(stores.connect(f"file://{service.state_dir / 'blocks'}"), map_id)
    digest = hashlib.sha256()
    for offset in range(0, stored.size, 4 * MIB):
        digest.update(stored.read_at(offset, min(4 * MIB, stored.size - offset)))
    return digest.hexdigest()


def children_of(parent: int) -> set[int]:
    """Return every process below ``parent``."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {parent}
    while True:
        more = {child for child, above in parents.items() if above in found} - found
        if not more:
            return found - {parent}
        found |= more


def alive(pids: set[int]) -> set[int]:
    """Return those that still run; a zombie does not."""
    out = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            out.add(pid)
    return out


def put(service: RunningService, disk: Path) -> str:
    """Bring the disk into the bucket and return its digest as raw."""
    service.client("s3").upload_file(str(disk / "disk.vmdk"), "bucket-in", "disk.vmdk")
    return hashlib.sha256((disk / "disk.raw").read_bytes()).hexdigest()


def test_ten_kills_at_random_moments_lose_nothing(
    new_service: Callable[..., RunningService], disk: Path
) -> None:
    service = new_service()
    service.prepare("bucket-in")
    expected = put(service, disk)
    chance = random.Random(os.environ.get("VMFERRY_SEED"))
    went_on = 0
    for _ in range(KILLS):
        task = start_import(service, "disk.vmdk")
        time.sleep(chance.uniform(0, 1.5))
        family = children_of(service.process.pid if service.process else 0)
        service.kill()
        before = recorded_steps(service, task)
        deadline = time.monotonic() + 10
        while alive(family) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not alive(family), "a child outlived the service"
        service.start()
        detail = service.snapshot_task(task)
        assert detail["Status"] == "completed", detail
        after = recorded_steps(service, task)
        assert {number: after[number] for number in before} == before, (
            "a finished step was repeated"
        )
        went_on += bool(before) and len(before) < len(after)
        assert stored_digest(service, detail["SnapshotId"]) == expected
        service.client("ec2").delete_snapshot(SnapshotId=detail["SnapshotId"])
    assert went_on, "no kill hit a task in the middle: make the disk larger"
    assert not list((service.state_dir / "work").iterdir())


def test_a_kill_during_an_export_leaves_a_whole_object(
    new_service: Callable[..., RunningService], disk: Path, tmp_path: Path
) -> None:
    service = new_service()
    service.prepare("bucket-in", "bucket-out")
    put(service, disk)
    snapshot = service.snapshot_task(start_import(service, "disk.vmdk"))["SnapshotId"]
    image = service.client("ec2").register_image(
        Name="exported",
        Architecture="x86_64",
        VirtualizationType="hvm",
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]
    chance = random.Random(os.environ.get("VMFERRY_SEED"))
    for wanted in ("VMDK", "RAW"):
        task = service.client("ec2").export_image(
            ImageId=image,
            DiskImageFormat=wanted,
            S3ExportLocation={"S3Bucket": "bucket-out", "S3Prefix": "e/"},
        )["ExportImageTaskId"]
        time.sleep(chance.uniform(0.1, 0.8))
        service.kill()
        service.start()
        assert service.export_task(task)["Status"] == "completed"
        key = f"e/{task}.{wanted.lower()}"
        got = tmp_path / "got"
        service.client("s3").download_file("bucket-out", key, str(got))
        subprocess.run(
            ["qemu-img", "compare", "-f", wanted.lower(), "-F", "raw", str(got),
             str(disk / "disk.raw")],
            check=True,
            capture_output=True,
        )  # fmt: skip


def cancelled(service: RunningService, delay: float) -> tuple[str, float]:
    """Cancel an import after ``delay``, sooner on a machine that is done by then; say when."""
    ec2 = service.client("ec2")
    while True:
        task = start_import(service, "disk.vmdk")
        time.sleep(delay)
        began = time.monotonic()
        try:
            answer = ec2.cancel_import_task(ImportTaskId=task, CancelReason="changed my mind")
        except ec2.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "IncorrectState" or not delay:
                raise
            ec2.delete_snapshot(SnapshotId=service.snapshot_task(task)["SnapshotId"])
            delay = delay / 2 if delay > 0.01 else 0.0
            continue
        assert (answer["PreviousState"], answer["State"]) == ("active", "deleting")
        return task, began


def test_cancel_is_prompt_and_leaves_nothing(
    new_service: Callable[..., RunningService], disk: Path
) -> None:
    service = new_service()
    service.prepare("bucket-in")
    put(service, disk)
    chance = random.Random(os.environ.get("VMFERRY_SEED"))
    for delay in (0.0, chance.uniform(0.1, 0.3), chance.uniform(0.2, 0.5)):
        task, began = cancelled(service, delay)
        detail = service.snapshot_task(task)
        assert time.monotonic() - began < 2
        assert (detail["Status"], detail["StatusMessage"]) == ("deleted", "changed my mind")
        assert "SnapshotId" not in detail
    deadline = time.monotonic() + 20
    blocks = service.state_dir / "blocks"
    while any(path.is_file() for path in (blocks / "segments").rglob("*")):
        assert time.monotonic() < deadline, "segments of a cancelled import were not collected"
        time.sleep(0.1)
    assert not list((service.state_dir / "work").iterdir())


def test_a_cancel_survives_a_kill(new_service: Callable[..., RunningService], disk: Path) -> None:
    service = new_service()
    service.prepare("bucket-in")
    put(service, disk)
    task, _began = cancelled(service, 0.4)
    service.kill()
    service.start()
    detail = service.snapshot_task(task)
    assert (detail["Status"], detail["StatusMessage"]) == ("deleted", "changed my mind")

# SPDX-License-Identifier: Apache-2.0
"""``vmferry export`` on a state directory: files and buckets, in each format."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.blocks.disks import Pieces, noise, same, text
from tests.catalog.records import image, snapshot
from tests.house.documents import block
from tests.jobs.maps import stored

from vmferry import config
from vmferry.appliances import open_appliance
from vmferry.catalog import images, snapshots
from vmferry.formats import open_disk
from vmferry.jobs._rooms import open_rooms
from vmferry.stores.directory import FileSource
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.model.disk import Disk

PROGRAM: Final = Path(sys.executable).parent / "vmferry"
FIRST: Final = Pieces(150 * MIB, {MIB: noise(1, 30 * MIB), 99 * MIB: text(2, 40 * MIB)})
SECOND: Final = Pieces(8 * MIB, {MIB: b"second"})


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the image ``debian`` of two disks and a bucket ``out``."""
    folder = tmp_path_factory.mktemp("export") / "state"
    folder.mkdir()
    rooms = open_rooms(config.load(state_dir=folder, environ={}))
    (folder / "buckets" / "out").mkdir(parents=True)
    made = [
        replace(snapshot(), size=disk.size, encrypted=True, map_id=stored(rooms, disk, f"m.{at}"))
        for at, disk in enumerate((FIRST, SECOND))
    ]
    with rooms.engine.begin() as connection:
        for one in made:
            snapshots.add(connection, one)
        images.add(connection, image(snapshots=tuple(one.id for one in made)))
    rooms.engine.dispose()
    return folder


@pytest.fixture(scope="module")
def ids(state: Path) -> tuple[str, str, str]:
    """The image and its snapshots."""
    rooms = open_rooms(config.load(state_dir=state, environ={}))
    (found,) = images.Images(rooms.engine).owned(image().owner)
    rooms.engine.dispose()
    return (found.id, found.devices[0].snapshot_id, found.devices[1].snapshot_id)


def _run(state: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "export", *map(str, words), "--state-dir", str(state)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"COLUMNS": "200", "TERM": "dumb", "PATH": "/usr/bin:/bin"},
    )


def _disk(path: Path, name: str) -> Disk:
    return open_disk(FileSource(path, path.name), name)


@pytest.mark.parametrize("name", ["raw", "vmdk", "vhd", "vhdx"])
def test_a_snapshot_is_a_file(
    state: Path, ids: tuple[str, str, str], name: str, tmp_path: Path
) -> None:
    target = tmp_path / f"disk.{name}"
    done = _run(state, ids[1], target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{target}: {name}, ")
    assert same(_disk(target, name), FIRST)


def test_every_disk_of_an_image_is_a_file(
    state: Path, ids: tuple[str, str, str], tmp_path: Path
) -> None:
    target = tmp_path / "disk.vhd"
    done = _run(state, ids[0], target, "--kind", "fixed")
    assert (done.returncode, done.stderr) == (0, "")
    assert same(_disk(target, "vhd"), FIRST)
    assert same(_disk(tmp_path / "disk-disk2.vhd", "vhd"), SECOND)


def test_every_disk_is_in_one_ova(state: Path, ids: tuple[str, str, str], tmp_path: Path) -> None:
    target = tmp_path / "vm.ova"
    done = _run(state, ids[0], target, "--output", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["virtual_size"] == FIRST.size + SECOND.size
    appliance = open_appliance(FileSource(target, "vm.ova"))
    assert (appliance.machine.name, appliance.machine.firmware) == ("debian", "")
    for inside, disk in zip(appliance.machine.disks, (FIRST, SECOND), strict=True):
        assert same(open_disk(appliance.disk_file(inside), "vmdk"), disk)
    with tarfile.open(target) as archive:
        names = archive.getnames()
        assert names == ["debian.ovf", "debian.mf", "debian-disk1.vmdk", "debian-disk2.vmdk"]
        manifest = archive.extractfile("debian.mf")
        assert manifest is not None
        for line in manifest.read().decode().splitlines():
            member, _, digest = line.removeprefix("SHA256(").partition(")= ")
            content = archive.extractfile(member)
            assert content is not None
            assert hashlib.sha256(content.read()).hexdigest() == digest


def test_a_bucket_takes_it_whole(state: Path, ids: tuple[str, str, str]) -> None:
    done = _run(state, ids[2], "s3://out/a/disk.raw")
    assert (done.returncode, done.stderr) == (0, "")
    assert same(_disk(state / "buckets" / "out" / "a" / "disk.raw", "raw"), SECOND)
    assert not list((state / "buckets").glob(".rclone*"))
    again = _run(state, ids[2], "s3://out/a/disk.raw")
    assert again.returncode == 1
    assert "s3://out/a/disk.raw: exists already" in again.stderr
    assert _run(state, ids[2], "s3://out/a/disk.raw", "--force").returncode == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("snap-00000000000000000", "disk.raw"), "'snap-00000000000000000' does not exist"),
        (("ami-00000000000000000", "disk.raw"), "'[ami-00000000000000000]' does not exist"),
        (("disk", "disk.raw"), 'Invalid id: "disk"'),
        (("SNAPSHOT", "disk.qcow2"), "expected raw or vhd or vhdx or vmdk or ova"),
        (("SNAPSHOT", "s3://none/disk.raw"), "there is no bucket none"),
        (("SNAPSHOT", "/none/disk.raw"), "there is no folder /none"),
    ],
)
def test_what_cannot_be_is_refused(
    state: Path, ids: tuple[str, str, str], words: tuple[str, str], text: str
) -> None:
    done = _run(state, *(ids[2] if word == "SNAPSHOT" else word for word in words))
    assert done.returncode == 1
    assert text in done.stderr
    assert not Path("disk.raw").exists()


def test_the_lines_of_the_document(state: Path, ids: tuple[str, str, str], tmp_path: Path) -> None:
    (state / "buckets" / "my-bucket").mkdir()
    lines = (
        block("export")
        .replace("ami-0123456789abcdef0", ids[0])
        .replace("snap-0123456789abcdef0", ids[2])
        .replace("my-server-vm.ova", str(tmp_path / "my-server-vm.ova"))
    )
    for line in lines.splitlines():
        program, _, words = line.partition(" export ")
        done = _run(state, *words.split())
        assert (program, done.returncode, done.stderr) == ("vmferry", 0, "")
    assert (state / "buckets" / "my-bucket" / "my-server-vm.vmdk").is_file()


def test_no_state_directory(tmp_path: Path) -> None:
    done = _run(tmp_path / "none", "snap-00000000000000000", "disk.raw")
    assert done.returncode == 1
    assert "found no state directory" in done.stderr

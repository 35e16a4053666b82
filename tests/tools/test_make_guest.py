# SPDX-License-Identifier: Apache-2.0
"""The tool that makes the real guest: what it refuses, where it keeps, and what it made."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from tools.make_guest import cache, command
from tools.make_guest.disk import appliance_settings
from tools.make_guest.layout import Layout
from tools.make_guest.progress import Progress, StepError
from tools.make_guest.recipe import GIB, MATRIX, TRIED, Recipe, RecipeError

if TYPE_CHECKING:
    from tests.fixtures.guest import DebianGuest

ROOT = Path(__file__).parents[2]
OVF = {"ovf": "http://schemas.dmtf.org/ovf/envelope/1"}
RASD = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"


@pytest.mark.parametrize("name", [name for name in TRIED if name != "lvm"])
def test_what_nobody_tried_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([f"--{name}", "beos"]) == 2
    said = capsys.readouterr()
    assert f"recipe: {name} is 'beos', expected " in said.err
    assert said.out == ""


def test_the_recipe_names_what_it_knows() -> None:
    with pytest.raises(RecipeError, match="release is 'woody', expected bullseye, bookworm, "):
        Recipe(release="woody")
    assert "linux-image-amd64" in Recipe().packages


def test_the_folder_runs() -> None:
    tool = [sys.executable, str(ROOT / "tools" / "make_guest"), "--help"]
    done = subprocess.run(tool, capture_output=True, text=True, check=True, cwd="/")
    assert "--release bullseye|bookworm|trixie" in done.stdout


@pytest.fixture
def fake_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A cache of its own, and steps that write a word in place of a guest."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[str] = []

    def tree(recipe: Recipe, work: Path, progress: Progress) -> Path:
        made.append("tree")
        (work / "tree.img").write_text(recipe.release)
        return work / "tree.img"

    def disk(recipe: Recipe, tree: Path, work: Path, progress: Progress) -> Path:
        made.append("raw")
        (work / "disk.raw").write_text(tree.read_text())
        return work / "disk.raw"

    def ova(recipe: Recipe, disk: Path, work: Path, progress: Progress) -> Path:
        made.append("ova")
        (work / "guest.ova").write_text(disk.read_text())
        return work / "guest.ova"

    monkeypatch.setattr(cache, "make_tree", tree)
    monkeypatch.setattr(cache, "make_disk", disk)
    monkeypatch.setattr(cache, "make_ova", ova)
    return made


def test_a_guest_is_made_once(fake_build: list[str], tmp_path: Path) -> None:
    for kind in ("raw", "ova", "ova", "raw"):
        path = cache.obtain(Recipe(), kind, Progress())
        assert path.read_text() == "bookworm"
        assert path.is_relative_to(tmp_path / "vmferry" / "guests")
    assert fake_build == ["tree", "raw", "ova"]
    assert sorted(file.name for file in path.parent.iterdir()) == ["disk.raw", "guest.ova", "lock"]


def test_another_recipe_is_another_guest(fake_build: list[str]) -> None:
    assert cache.cached(Recipe(), "raw") != cache.cached(Recipe(size=4 * GIB), "raw")


def test_guests_of_one_release_share_a_tree(fake_build: list[str]) -> None:
    for root in ("xfs", "btrfs", "jfs"):
        cache.obtain(Recipe(root=root, lvm=root == "xfs"), "raw", Progress())
    assert fake_build == ["tree", "raw", "raw", "raw"]


def test_the_flags_are_the_recipe(fake_build: list[str]) -> None:
    flags = "--release trixie --root xfs --table gpt --firmware uefi --lvm --format raw"
    assert command.main(flags.split()) == 0
    assert cache.cached(MATRIX[1], "raw").read_text() == "trixie"


def test_partitions_leave_what_each_firmware_needs() -> None:
    assert Layout(recipe=Recipe()).sfdisk == "label: dos\nstart=2048, type=L, bootable\n"
    assert Layout(recipe=Recipe(table="gpt")).sfdisk.splitlines()[1:] == [
        "start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649",
        "start=4096, type=L",
    ]
    uefi = Layout(recipe=Recipe(firmware="uefi", root="btrfs", lvm=True))
    assert uefi.sfdisk.splitlines()[1:] == [
        "start=2048, size=131072, type=U",
        "start=133120, type=V",
    ]
    assert uefi.fstab.splitlines() == [
        "/dev/mapper/debian-root / btrfs defaults,subvol=@rootfs 0 0",
        "/dev/sda1 /boot/efi vfat umask=0077 0 1",
    ]


def test_only_jfs_asks_for_a_kernel_of_its_own(tmp_path: Path) -> None:
    assert "SUPERMIN_KERNEL" not in appliance_settings(Recipe(root="xfs"), tmp_path)
    if not list(Path("/lib/modules").glob("*/kernel/fs/jfs/jfs.ko*")):
        with pytest.raises(
            StepError, match=r"no kernel in /boot has jfs\.ko; install linux-image-"
        ):
            appliance_settings(Recipe(root="jfs"), tmp_path)
        return
    settings = appliance_settings(Recipe(root="jfs"), tmp_path)
    assert list(Path(settings["SUPERMIN_MODULES"]).glob("kernel/fs/jfs/jfs.ko*"))
    assert settings["LIBGUESTFS_CACHEDIR"] == str(tmp_path)


def test_output_is_a_copy(
    fake_build: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--format", "raw", "--output", str(tmp_path / "my.raw")]) == 0
    assert (tmp_path / "my.raw").read_text() == "bookworm"
    assert capsys.readouterr().out == f"{tmp_path / 'my.raw'}\n"


def test_what_a_killed_run_left_is_removed(fake_build: list[str]) -> None:
    left = cache.cached(Recipe(), "raw").parent / "part-old" / "root"
    left.mkdir(parents=True)
    cache.obtain(Recipe(), "raw", Progress())
    assert not left.parent.exists()


def test_a_failed_build_leaves_nothing(
    fake_build: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(recipe: Recipe, tree: Path, work: Path, progress: Progress) -> Path:
        raise StepError("mke2fs: no space")

    monkeypatch.setattr(cache, "make_disk", fail)
    assert command.main([]) == 1
    assert "make_guest: mke2fs: no space" in capsys.readouterr().err
    assert [f.name for f in cache.cached(Recipe(), "raw").parent.iterdir()] == ["lock"]


def test_a_second_run_waits(
    fake_build: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cache, "TICK_S", 0.02)
    folder = cache.cached(Recipe(), "raw").parent
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other = threading.Thread(target=cache.obtain, args=(Recipe(), "raw", Progress()))
        other.start()
        time.sleep(0.2)
        assert fake_build == []
    other.join()
    assert fake_build == ["tree", "raw"]
    assert "Wait for another run" in capsys.readouterr().err


def test_a_long_step_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.make_guest.progress.TICK_S", 0.05)
    Progress().run("Think", ["sh", "-c", "echo one; echo two; sleep 0.3"], tmp_path / "log")
    said = capsys.readouterr().err.splitlines()
    assert len(said) > 2
    assert said[-1].endswith("s] Think: two")


def test_a_failed_step_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"Think: sh failed \(7\):\nno idea"):
        Progress().run("Think", ["sh", "-c", "echo no idea >&2; exit 7"], tmp_path / "log")
    with pytest.raises(StepError, match="Think: brain is not installed; run `make setup`"):
        Progress().run("Think", ["brain"], tmp_path / "log")


@pytest.mark.oracle
def test_the_ova_is_one_by_the_book(debian_guest: DebianGuest) -> None:
    with tarfile.open(debian_guest.ova) as tar:
        ovf, manifest, vmdk = tar.getmembers()
        assert [Path(m.name).suffix for m in (ovf, manifest, vmdk)] == [".ovf", ".mf", ".vmdk"]
        assert all(m.isreg() and (m.uid, m.uname) == (0, "") for m in (ovf, manifest, vmdk))
        files = {m.name: tar.extractfile(m) for m in (ovf, manifest, vmdk)}
        said = files[manifest.name]
        assert said is not None
        for line in said.read().decode().splitlines():
            name, _, digest = line.removeprefix("SHA256(").partition(")= ")
            file = files[name]
            assert file is not None
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest  # type: ignore[arg-type]
        file = files[ovf.name]
        assert file is not None
        file.seek(0)
        tree = etree.fromstring(file.read())
    (entry,) = tree.findall("ovf:References/ovf:File", OVF)
    assert entry.get(f"{{{OVF['ovf']}}}href") == vmdk.name
    assert entry.get(f"{{{OVF['ovf']}}}size") == str(vmdk.size)
    items = tree.findall(".//ovf:Item", OVF)
    quantities = {
        item.findtext(f"{RASD}ResourceType"): item.findtext(f"{RASD}VirtualQuantity")
        for item in items
    }
    assert (quantities["3"], quantities["4"]) == ("1", "1024")
    assert set(quantities) == {"3", "4", "6", "10", "17"}


@pytest.mark.oracle
def test_the_disk_is_sparse_and_as_large_as_the_recipe(debian_guest: DebianGuest) -> None:
    status = debian_guest.raw.stat()
    assert status.st_size == Recipe().size
    assert status.st_blocks * 512 < status.st_size / 2
    assert os.access(debian_guest.raw, os.R_OK)

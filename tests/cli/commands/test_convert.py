# SPDX-License-Identifier: Apache-2.0
"""``vmferry convert`` as it is typed: every format, several disks, refusals, and what is left."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, item, manifest, ova, ovf, system
from tests.formats.recipes import FileSource, SparseDisk, fill, read_all, stream_vmdk, write_file
from tests.house.documents import block

from vmferry.appliances import open_appliance
from vmferry.formats import open_disk
from vmferry.formats.raw import RawWriter
from vmferry.formats.vhdx.writer import VhdxWriter
from vmferry.units import GIB, MIB

PROGRAM = Path(sys.executable).parent / "vmferry"
SIZE = 40 * MIB
DISK = SparseDisk(SIZE, {5: b"begin", 20 * MIB: os.urandom(3 * MIB), SIZE - 4: b"stop"})


@pytest.fixture
def vhdx(tmp_path: Path) -> Path:
    path = tmp_path / "disk.vhdx"
    write_file(VhdxWriter(SIZE), DISK, path)
    return path


@pytest.fixture
def appliance(tmp_path: Path) -> Path:
    """Two disks of a gibibyte on one controller."""
    hardware = (
        item(InstanceID=1, ResourceType=3, VirtualQuantity=2)
        + item(InstanceID=2, ResourceType=4, VirtualQuantity=512, AllocationUnits="MegaBytes")
        + CONTROLLER
        + disk_item()
        + disk_item("ovf:/disk/vmdisk2", at=1)
    )
    names = (1, 2)
    text = ovf(
        system(hardware),
        files="".join(f'<File ovf:id="file{n}" ovf:href="disk{n}.vmdk"/>' for n in names),
        disks="".join(
            f'<Disk ovf:diskId="vmdisk{n}" ovf:fileRef="file{n}" ovf:capacity="1"'
            ' ovf:capacityAllocationUnits="byte * 2^30"/>'
            for n in names
        ),
    )
    path = tmp_path / "vm.ova"
    members = [(f"disk{n}.vmdk", bytes(stream_vmdk({n: fill(n)}, GIB // 512))) for n in names]
    path.write_bytes(ova([("vm.ovf", text), *members]))
    return path


def _run(*words: object, program: str = "convert") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), program, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
    )


@pytest.mark.parametrize("name", ["raw", "img", "vmdk", "vhd", "vpc", "vhdx", "ova"])
def test_the_suffix_says_the_format(name: str, vhdx: Path, tmp_path: Path) -> None:
    target = tmp_path / f"target.{name}"
    done = _run(vhdx, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{target}: " in done.stdout
    assert "a disk of 40 MiB with" in done.stdout
    compared = _run(vhdx, target, program="compare")
    assert compared.stdout.startswith("identical, ")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({vhdx.name, target.name})


def test_for_programs(vhdx: Path, tmp_path: Path) -> None:
    done = _run(vhdx, tmp_path / "disk", "--format", "vhd", "--kind", "fixed", "--output", "json")
    found = json.loads(done.stdout)
    assert found.pop("seconds") < 60
    assert found == {
        "target": str(tmp_path / "disk"),
        "format": "vhd",
        "file_size": SIZE + 512,
        "virtual_size": SIZE,
        "data": 5 * MIB,
    }
    assert open_disk(FileSource(tmp_path / "disk"), "vhd").read_at(5, 5) == b"begin"


def test_compression(tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    sources = b"".join(path.read_bytes() for path in sorted(Path(os.__file__).parent.glob("*.py")))
    write_file(RawWriter(8 * MIB), SparseDisk(8 * MIB, {0: sources[: 4 * MIB]}), raw)
    sizes = []
    for effort in ("fast", "normal", "best"):
        done = _run(raw, tmp_path / f"{effort}.vmdk", "--compression", effort, "--output", "json")
        sizes.append(json.loads(done.stdout)["file_size"])
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_one_disk_of_several(appliance: Path, tmp_path: Path) -> None:
    done = _run(appliance, tmp_path / "a.raw")
    assert done.returncode == 1
    assert "the appliance has 2 disks and raw holds one" in done.stderr
    assert "1 disk1.vmdk, 2 disk2.vmdk" in done.stderr
    assert "hint: Name one with --disk" in done.stderr
    assert _run(appliance, tmp_path / "a.raw", "--disk", 2).returncode == 0
    with (tmp_path / "a.raw").open("rb") as file:
        file.seek(2 * 65536)
        assert file.read(65536) == open_disk(
            open_appliance(FileSource(appliance)).disk_file(
                open_appliance(FileSource(appliance)).machine.disks[1]
            ),
            "vmdk",
        ).read_at(2 * 65536, 65536)
    done = _run(appliance, tmp_path / "b.raw", "--disk", 3)
    assert "disks of the source: found 2, expected 3" in done.stderr


def test_a_machine_keeps_its_disks_and_its_hardware(appliance: Path, tmp_path: Path) -> None:
    target = tmp_path / "again.ova"
    assert _run(appliance, target).returncode == 0
    before, after = (open_appliance(FileSource(path)).machine for path in (appliance, target))
    assert (after.cpus, after.memory) == (before.cpus, before.memory) == (2, 512 * MIB)
    assert [disk.controller for disk in after.disks] == [disk.controller for disk in before.disks]
    assert _run(appliance, target, program="compare").stdout.count("identical") == 2


def test_a_manifest_is_held(tmp_path: Path) -> None:
    disk = bytes(stream_vmdk({1: fill(1)}, GIB // 512))
    members = [("vm.ovf", ovf()), ("disk1.vmdk", disk)]
    good, bad = tmp_path / "good.ova", tmp_path / "bad.ova"
    good.write_bytes(ova([*members, ("vm.mf", manifest(members))]))
    changed = bytearray(disk)
    changed[1000] ^= 1  # in the descriptor's padding, which no format checks
    bad.write_bytes(ova([members[0], ("disk1.vmdk", bytes(changed)), ("vm.mf", manifest(members))]))
    assert _run(good, tmp_path / "good.raw").returncode == 0
    done = _run(bad, tmp_path / "bad.raw")
    assert done.returncode == 1
    assert "sha256 of disk1.vmdk: found " in done.stderr
    assert not list(tmp_path.glob("bad.raw*"))


def test_a_file_is_replaced_only_by_force(vhdx: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.raw"
    target.write_bytes(b"precious")
    done = _run(vhdx, target)
    assert done.returncode == 1
    assert f"error: {target}: exists already" in done.stderr
    assert target.read_bytes() == b"precious"
    assert _run(vhdx, target, "--force").returncode == 0
    assert read_all(open_disk(FileSource(target), "raw")) == DISK.read_at(0, SIZE)


def test_a_file_can_be_its_own_source(vhdx: Path) -> None:
    assert _run(vhdx, vhdx, "--format", "raw", "--force").returncode == 0
    assert read_all(open_disk(FileSource(vhdx), "raw")) == DISK.read_at(0, SIZE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.xyz"], "format to write, by the name of a.xyz: found 'xyz'"),
        (["a.raw", "--format", "qcow2"], "format to write, as named: found 'qcow2'"),
        (["a.vhd", "--kind", "thin"], "kind of vhd: found 'thin', expected dynamic or fixed"),
        (["a.raw", "--source-format", "vmdk"], "found vhdx, expected vmdk as declared"),
        (["no/a.raw"], "no/a.raw: there is no folder no"),
    ],
)
def test_refusals(words: list[str], message: str, vhdx: Path) -> None:
    done = _run(vhdx, *words)
    assert done.returncode == 1
    assert message in done.stderr
    assert not Path(words[0]).exists()


def _begin(tmp_path: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """Begin a conversion of seconds and return it when it has written something."""
    raw, target = tmp_path / "big.raw", tmp_path / "big.vmdk"
    block = os.urandom(8 * MIB)
    with raw.open("wb") as out:
        for _ in range(64):
            out.write(block)
    process = subprocess.Popen([PROGRAM, "convert", raw, target, "--compression", "best"])
    begun = tmp_path / "big.vmdk.partial"
    deadline = time.monotonic() + 30
    while not begun.exists() or begun.stat().st_size < MIB:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process, target


@pytest.mark.crash
def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    process, target = _begin(tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) != 0
    assert not list(tmp_path.glob("big.vmdk*"))
    assert not target.exists()


@pytest.mark.crash
def test_kill_9_leaves_no_file_that_passes_for_whole(tmp_path: Path) -> None:
    process, target = _begin(tmp_path)
    process.kill()
    process.wait(20)
    assert not target.exists()
    begun = tmp_path / "big.vmdk.partial"
    assert begun.read_bytes()[:4] == bytes(4), "headers come last"
    done = _run(tmp_path / "big.raw", target, "--compression", "fast")
    assert done.returncode == 0, "what is left over is no obstacle"
    assert not begun.exists()


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_block_of_the_operations(vhdx: Path, tmp_path: Path) -> None:
    assert _run(vhdx, tmp_path / "my-server-vm.ova").returncode == 0
    for line in block("convert").splitlines():
        words = shlex.split(line)
        assert words[0] == "vmferry"
        done = _run(*words[2:], program=words[1])
        assert (done.returncode, done.stderr) == (0, "")

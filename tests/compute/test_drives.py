# SPDX-License-Identifier: Apache-2.0
"""Where drives end up in QEMU's arguments, and that no image can name a file to open."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from vmferry.compute.drives import Drive, FileImage, NbdExport, arguments, make_overlay
from vmferry.compute.hardware import Bus
from vmferry.errors import GuestError, SetupError

DISK = FileImage(path=Path("/d/a,b.raw"))


def options(words: list[str], option: str) -> list[dict[str, Any]]:
    return [json.loads(words[at + 1]) for at, word in enumerate(words) if word == option]


def test_a_raw_file() -> None:
    (node,) = options(arguments([Drive(source=DISK)]), "-blockdev")
    assert node == {
        "driver": "raw",
        "file": {"driver": "file", "filename": "/d/a,b.raw"},
        "node-name": "disk0",
        "discard": "unmap",
    }


def test_a_qcow2_file_never_has_a_backing_file_of_its_own_choice() -> None:
    drive = Drive(source=FileImage(path=Path("/d/x"), format="qcow2"), durable=False)
    (node,) = options(arguments([drive]), "-blockdev")
    assert node["driver"] == "qcow2"
    assert node["backing"] is None
    assert node["cache"] == {"no-flush": True}


def test_an_overlay_over_nbd() -> None:
    drive = Drive(source=NbdExport(socket=Path("/s"), export="vol"), overlay=Path("/o"))
    (node,) = options(arguments([drive]), "-blockdev")
    server = {"type": "unix", "path": "/s"}
    assert node["file"] == {"driver": "file", "filename": "/o"}
    assert node["backing"] == {"driver": "nbd", "server": server, "export": "vol"}
    assert "cache" not in node


@pytest.mark.parametrize(
    ("bus", "controllers", "second"),
    [
        (Bus.VIRTIO, [], {"driver": "virtio-blk-pci"}),
        (Bus.NVME, [], {"driver": "nvme"}),
        (
            Bus.SCSI,
            [{"driver": "virtio-scsi-pci", "id": "scsi"}],
            {"driver": "scsi-hd", "bus": "scsi.0", "scsi-id": 1, "lun": 0},
        ),
        (
            Bus.AHCI,
            [{"driver": "ich9-ahci", "id": "ahci0"}],
            {"driver": "ide-hd", "bus": "ahci0.1"},
        ),
        (Bus.IDE, [], {"driver": "ide-hd", "bus": "ide.0", "unit": 1}),
    ],
)
def test_buses(bus: Bus, controllers: list[dict[str, Any]], second: dict[str, Any]) -> None:
    drives = [Drive(source=DISK, bus=bus), Drive(source=DISK, bus=bus, serial="vol0123")]
    *before, _, last = options(arguments(drives), "-device")
    assert before[: len(controllers)] == controllers
    assert last == second | {"drive": "disk1", "bootindex": 1, "serial": "vol0123"}


def test_a_seventh_disk_gets_a_second_ahci() -> None:
    devices = options(arguments([Drive(source=DISK, bus=Bus.AHCI)] * 7), "-device")
    assert [d["id"] for d in devices if d["driver"] == "ich9-ahci"] == ["ahci0", "ahci1"]
    assert devices[-1]["bus"] == "ahci1.0"
    assert devices[-1]["serial"] == "vmferry6"


def test_a_fifth_disk_on_ide_is_refused() -> None:
    devices = options(arguments([Drive(source=DISK, bus=Bus.IDE)] * 4), "-device")
    assert (devices[-1]["bus"], devices[-1]["unit"]) == ("ide.1", 1)
    with pytest.raises(GuestError, match=r"^machine: found 5 disks on IDE, expected at most 4$"):
        arguments([Drive(source=DISK, bus=Bus.IDE)] * 5)


@pytest.mark.oracle
def test_an_overlay_is_an_empty_qcow2_without_a_backing_file(tmp_path: Path) -> None:
    if shutil.which("qemu-img") is None:
        pytest.skip("qemu-img is not installed")
    path = make_overlay(tmp_path / "o", 5 << 20)
    info = json.loads(subprocess.check_output(["qemu-img", "info", "--output=json", str(path)]))
    assert (info["format"], info["virtual-size"]) == ("qcow2", 5 << 20)
    assert "backing-filename" not in info
    with pytest.raises(SetupError, match=r"^compute: the overlay /nowhere/o cannot be made: .*No"):
        make_overlay(Path("/nowhere/o"), 1)


def test_without_qemu_img(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"^compute: the program qemu-img was not found$"):
        make_overlay(tmp_path / "o", 1)

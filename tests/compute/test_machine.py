# SPDX-License-Identifier: Apache-2.0
"""A machine's command: what it says, and that QEMU takes it for every bus, card and firmware."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from vmferry.compute.accelerator import KVM, QEMU, emulation, find_qemu
from vmferry.compute.drives import Drive, FileImage, make_overlay
from vmferry.compute.firmware import FOLDER, copy_variables
from vmferry.compute.hardware import Bus, Nic
from vmferry.compute.machine import Machine
from vmferry.compute.monitor import Monitor
from vmferry.compute.network import Card, Forward
from vmferry.compute.process import read_complaint, start_mortal
from vmferry.errors import GuestError
from vmferry.model.guest import BootMode
from vmferry.units import GIB, MIB

DRIVE = Drive(source=FileImage(path=Path("/d.raw")))


@pytest.fixture(autouse=True)
def qemu_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test but the last needs a real one."""
    if shutil.which(QEMU) is None:
        (tmp_path / QEMU).touch(mode=0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def after(words: list[str], option: str) -> list[str]:
    return [words[at + 1] for at, word in enumerate(words) if word == option]


def test_what_every_machine_has() -> None:
    words = Machine(drives=(DRIVE,), memory=2 * GIB, cpus=3, name="a,b").command(KVM)
    assert words[0] == shutil.which(QEMU)
    assert {"-nodefaults", "-no-user-config"} < set(words)
    assert after(words, "-name") == ["guest=a,,b"]
    assert after(words, "-machine") == ["q35,graphics=off"]
    assert (after(words, "-accel"), after(words, "-cpu")) == (["kvm"], ["host"])
    assert after(words, "-m") == ["2048"]
    assert after(words, "-smp") == ["3"]
    assert after(words, "-boot") == ["strict=on"]
    assert after(words, "-sandbox")[0].startswith("on,")
    assert after(words, "-display") == ["none"]
    assert not {"-netdev", "-serial", "-mon"} & set(words)


def test_ide_is_a_matter_of_the_chipset() -> None:
    drive = Drive(source=DRIVE.source, bus=Bus.IDE)
    words = Machine(drives=(drive,)).command(emulation(""))
    assert after(words, "-machine") == ["pc,graphics=off"]
    assert (after(words, "-accel"), after(words, "-cpu")) == (["tcg,thread=multi"], ["max"])


def test_channels_by_path_and_by_descriptor() -> None:
    paths = Machine(
        drives=(), serial=Path("/r/a,b"), serial_log=Path("/r/l"), monitor=Path("/r/qmp")
    ).command(KVM)
    assert after(paths, "-chardev") == [
        "socket,path=/r/a,,b,server=on,wait=off,id=serial,logfile=/r/l",
        "socket,path=/r/qmp,server=on,wait=off,id=monitor",
    ]
    assert after(paths, "-serial") == ["chardev:serial"]
    assert after(paths, "-mon") == ["chardev=monitor,mode=control"]
    inherited = Machine(drives=(), serial=5, monitor=6).command(KVM)
    assert after(inherited, "-chardev") == [
        "file,path=/dev/fd/5,id=serial",
        "socket,fd=6,id=monitor",
    ]


def test_another_disk_does_not_move_the_card() -> None:
    words = Machine(drives=(DRIVE, DRIVE), card=Card()).command(KVM)
    devices = after(words, "-device")
    assert [("net" in text, "disk" in text) for text in devices] == [
        (False, False), (True, False), (False, True), (False, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "variables", "message"),
    [
        (BootMode.UEFI, None, "machine: boots by uefi, found UEFI variables: none"),
        (BootMode.LEGACY_BIOS, Path("/v"), "machine: boots by legacy-bios, found UEFI .*: /v"),
    ],
)
def test_firmware_and_variables_belong_together(
    mode: BootMode, variables: Path | None, message: str
) -> None:
    with pytest.raises(GuestError, match=f"^{message}$"):
        Machine(drives=(), boot_mode=mode, variables=variables).command(KVM)


@pytest.mark.oracle
@pytest.mark.parametrize("mode", [BootMode.LEGACY_BIOS, BootMode.UEFI])
@pytest.mark.parametrize(
    ("bus", "nic"),
    [
        (Bus.VIRTIO, Nic.VIRTIO),
        (Bus.NVME, Nic.E1000E),
        (Bus.SCSI, Nic.E1000),
        (Bus.AHCI, Nic.VIRTIO),
        (Bus.IDE, Nic.E1000E),
    ],
)
def test_qemu_takes_it(mode: BootMode, bus: Bus, nic: Nic, tmp_path: Path) -> None:
    """Measured: 0.2 s each. Paths have what QEMU's lists would misread."""
    if not FOLDER.is_dir() or find_qemu().stat().st_size == 0:
        pytest.skip(f"{QEMU} or ovmf is not installed")
    folder = tmp_path / "a,b=c"
    folder.mkdir()
    for name in ("d.raw", "e.raw"):
        (folder / name).write_bytes(bytes(MIB))
    drive = Drive(
        source=FileImage(path=folder / "d.raw"),
        overlay=make_overlay(folder / "o.qcow2", MIB),
        bus=bus,
    )
    uefi = mode is BootMode.UEFI
    ours, theirs = socket.socketpair()
    machine = Machine(
        drives=(drive, Drive(source=FileImage(path=folder / "e.raw"), bus=bus)),
        memory=128 * MIB,
        boot_mode=mode,
        variables=copy_variables(folder / "vars.fd") if uefi else None,
        card=Card(nic=nic, mac="02:00:00:00:00:01", forwards=(Forward(guest=22),)),
        serial=folder / "serial",
        serial_log=folder / "log",
        monitor=theirs.fileno(),
    )
    with ours, theirs:
        process = start_mortal([*machine.command(emulation("")), "-S"], [theirs.fileno()])
        with process:
            theirs.close()
            monitor = Monitor(ours)
            assert monitor.status() == "prelaunch"
            assert list(monitor.forwards()) == [22]
            assert (folder / "serial").is_socket()
            monitor.quit()
            assert process.wait() == 0
            assert read_complaint(process) == ""

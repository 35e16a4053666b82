# SPDX-License-Identifier: Apache-2.0
"""Real machines: an empty disk, a kernel that panics, and the real guest up to its login prompt.

On two cores that eight others wanted, without KVM: 1 s by SeaBIOS, 18 s by OVMF, 38 s and 73 s.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.compute.guests import DHCP, INITRD, NO_INITRD, STATIC, changed

from vmferry.compute.accelerator import QEMU, Accelerator, probe
from vmferry.compute.boot_check import BootReport, check_boot
from vmferry.compute.drives import Drive, FileImage, NbdExport, make_overlay
from vmferry.compute.firmware import FOLDER, copy_variables
from vmferry.compute.hardware import Bus, Nic
from vmferry.compute.machine import Machine
from vmferry.compute.network import Card
from vmferry.compute.signs import NOTHING_TO_BOOT
from vmferry.model.guest import BootMode
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.guest import DebianGuest

DEADLINE_S = 150.0


@pytest.fixture(scope="module")
def accelerator(tmp_path_factory: pytest.TempPathFactory) -> Accelerator:
    if shutil.which(QEMU) is None or shutil.which("qemu-io") is None:
        pytest.skip(f"{QEMU} or qemu-io is not installed")
    return probe(tmp_path_factory.mktemp("cache"))


def boot(machine: Machine, accelerator: Accelerator) -> BootReport:
    return check_boot(machine, accelerator, deadline_s=DEADLINE_S, tick=lambda _: None)


@pytest.mark.boot
@pytest.mark.oracle
def test_an_empty_disk_over_nbd(accelerator: Accelerator, tmp_path: Path) -> None:
    disk, place = tmp_path / "zeros.raw", tmp_path / "nbd"
    disk.write_bytes(bytes(MIB))
    server = subprocess.Popen(["qemu-nbd", "-r", "-t", "-k", place, "-f", "raw", disk])
    with server:
        while not place.exists():
            assert server.poll() is None
            time.sleep(0.02)
        overlay = make_overlay(tmp_path / "o.qcow2", MIB)
        drive = Drive(source=NbdExport(socket=place), overlay=overlay, bus=Bus.SCSI)
        report = boot(Machine(drives=(drive,), card=Card()), accelerator)
        server.terminate()
    assert report.failure == NOTHING_TO_BOOT
    assert (report.booted, report.proofs, report.address) == (False, {}, "")
    assert report.console[-1] == "No bootable device."


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.oracle
def test_an_empty_disk_and_uefi(accelerator: Accelerator, tmp_path: Path) -> None:
    if not FOLDER.is_dir():
        pytest.skip("ovmf is not installed")
    disk = tmp_path / "zeros.raw"
    disk.write_bytes(bytes(MIB))
    variables = copy_variables(tmp_path / "vars.fd")
    drive = Drive(source=FileImage(path=disk))
    report = boot(
        Machine(drives=(drive,), boot_mode=BootMode.UEFI, variables=variables, card=Card()),
        accelerator,
    )
    assert report.failure == NOTHING_TO_BOOT
    assert report.proofs == {}, "the firmware must not boot from the network"


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.oracle
def test_a_kernel_panic(
    debian_guest: DebianGuest, accelerator: Accelerator, tmp_path: Path
) -> None:
    drive = changed(debian_guest.raw, tmp_path, (INITRD, NO_INITRD), bus=Bus.VIRTIO)
    report = boot(Machine(drives=(drive,), card=Card()), accelerator)
    assert report.failure == ("kernel panic: VFS: Unable to mount root fs on unknown-block(0,0)"), (
        report
    )
    assert any("Kernel panic - not syncing" in line for line in report.console)


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.oracle
def test_the_real_guest(
    debian_guest: DebianGuest, accelerator: Accelerator, tmp_path: Path
) -> None:
    """On another controller than it had, and with DHCP, as after its repair."""
    drive = changed(debian_guest.raw, tmp_path, (STATIC, DHCP), bus=Bus.NVME)
    before = debian_guest.raw.stat().st_mtime_ns
    report = boot(Machine(drives=(drive,), card=Card(nic=Nic.VIRTIO)), accelerator)
    assert report.booted, report
    assert report.address == "10.0.2.15"
    assert {"dhcp"} < set(report.proofs) <= {"dhcp", "login", "ssh"}
    assert debian_guest.raw.stat().st_mtime_ns == before

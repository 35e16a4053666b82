# SPDX-License-Identifier: Apache-2.0
"""Real machines: an empty disk, a kernel that panics, and the real guest up to its login prompt.

On two busy cores without KVM: 2 s, 6 s, 30 s and 90 s.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.compute.guests import DHCP, INITRD, NO_INITRD, STATIC, overlay

from vmferry.compute.accelerator import QEMU, Accelerator, probe
from vmferry.compute.boot_check import BootReport, check_boot
from vmferry.compute.drives import Drive, FileImage
from vmferry.compute.firmware import copy_variables
from vmferry.compute.hardware import Bus, Nic
from vmferry.compute.machine import Machine
from vmferry.compute.network import Card
from vmferry.compute.signs import NOTHING_TO_BOOT
from vmferry.model.guest import BootMode
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.guest import DebianGuest

DEADLINE_S = 75.0


@pytest.fixture(scope="module")
def accelerator(tmp_path_factory: pytest.TempPathFactory) -> Accelerator:
    if shutil.which(QEMU) is None or shutil.which("qemu-io") is None:
        pytest.skip(f"{QEMU} or qemu-io is not installed")
    return probe(tmp_path_factory.mktemp("cache"))


def boot(machine: Machine, accelerator: Accelerator) -> BootReport:
    return check_boot(machine, accelerator, deadline_s=DEADLINE_S, tick=lambda _: None)


@pytest.mark.boot
@pytest.mark.oracle
@pytest.mark.parametrize("mode", [BootMode.LEGACY_BIOS, BootMode.UEFI])
def test_an_empty_disk(mode: BootMode, accelerator: Accelerator, tmp_path: Path) -> None:
    disk = tmp_path / "zeros.raw"
    disk.write_bytes(bytes(MIB))
    uefi = mode is BootMode.UEFI
    machine = Machine(
        drives=(Drive(source=FileImage(path=disk)),),
        boot_mode=mode,
        variables=copy_variables(tmp_path / "vars.fd") if uefi else None,
        card=Card(),
    )
    report = boot(machine, accelerator)
    assert report.failure == NOTHING_TO_BOOT
    assert (report.booted, report.proofs, report.address) == (False, {}, "")


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.oracle
def test_a_kernel_panic(
    debian_guest: DebianGuest, accelerator: Accelerator, tmp_path: Path
) -> None:
    drive = overlay(debian_guest.raw, tmp_path, (INITRD, NO_INITRD), bus=Bus.VIRTIO)
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
    drive = overlay(debian_guest.raw, tmp_path, (STATIC, DHCP), bus=Bus.NVME)
    before = debian_guest.raw.stat().st_mtime_ns
    report = boot(Machine(drives=(drive,), card=Card(nic=Nic.VIRTIO)), accelerator)
    assert report.booted, report
    assert report.address == "10.0.2.15"
    assert {"dhcp"} < set(report.proofs) <= {"dhcp", "login", "ssh"}
    assert debian_guest.raw.stat().st_mtime_ns == before

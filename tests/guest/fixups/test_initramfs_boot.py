# SPDX-License-Identifier: Apache-2.0
"""A real guest whose initramfs has no driver of the disk ends in its shell; mended, it boots."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.initramfs.unpacked import without

from vmferry.compute.accelerator import QEMU, Accelerator, probe
from vmferry.compute.boot_check import BootReport, check_boot
from vmferry.compute.drives import Drive, FileImage, make_overlay
from vmferry.compute.hardware import Bus
from vmferry.compute.machine import Machine
from vmferry.compute.network import Card
from vmferry.guest import engines, inspection, look
from vmferry.guest.fixups import chosen
from vmferry.guest.fixups.initramfs import STORAGE
from vmferry.guest.mending import Workshop, mend
from vmferry.model.fixup import Choices
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.guest import DebianGuest

GONE: Final = {*STORAGE, "virtio", "virtio_ring", "nvme_core"}
CHOICES: Final = Choices(
    fixups=tuple(name for name in chosen(["all"]) if name.startswith(("initramfs", "network")))
)
"""A guest has come up when it asks for an address."""


def strip(raw: Path, folder: Path) -> None:
    """Take the drivers out of the initramfs of the guest on ``raw``."""
    sight = look.see([FileDisk(raw)])
    kernel = sight.facts.kernels[0]
    whole = sight.tree.read_head(kernel.initramfs, 64 * MIB)
    (folder / "less").write_bytes(without(whole, GONE, folder / "unpacked", kernel.release))
    offset = sight.facts.partitions[sight.facts.root].offset
    subprocess.run(
        ["debugfs", "-w", "-f", "-", f"{raw}?offset={offset}"],
        input=f"rm {kernel.initramfs}\nwrite {folder / 'less'} {kernel.initramfs}\n",
        text=True,
        check=True,
        capture_output=True,
    )


def boot(raw: Path, folder: Path, accelerator: Accelerator) -> BootReport:
    overlay = make_overlay(folder / "overlay.qcow2", raw.stat().st_size)
    drive = Drive(source=FileImage(path=raw), overlay=overlay, bus=Bus.VIRTIO, durable=False)
    machine = Machine(drives=(drive,), card=Card())
    return check_boot(machine, accelerator, deadline_s=150, tick=lambda _: None)


@pytest.mark.boot
@pytest.mark.slow
@pytest.mark.oracle
def test_it_boots_from_virtio(debian_guest: DebianGuest, tmp_path: Path) -> None:
    """Measured without KVM on two cores: 92 s and 103 s, with two boots and an appliance."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not installed")
    raw = tmp_path / "disk.raw"
    subprocess.run(["cp", "--sparse=always", debian_guest.raw, raw], check=True)
    strip(raw, tmp_path)
    accelerator = probe(tmp_path)
    report = boot(raw, tmp_path, accelerator)
    assert not report.booted
    assert any("(initramfs)" in line for line in report.console), report.console
    disks = [FileDisk(raw)]
    workshop = Workshop(emulate=accelerator.name == "tcg", scratch=tmp_path, tick=lambda: None)
    plan = mend(disks, [engines.Drive(file=str(raw))], CHOICES, workshop)
    assert not any(note.startswith("initramfs") for note in plan.notes), plan.notes
    (why,) = (edit.reasons[0].why for edit in plan.edits if edit.path.startswith("/boot/initrd"))
    assert "virtio_pci, virtio_blk, virtio_scsi, sd_mod, nvme, ahci, ata_piix, xen_blkfront" in why
    assert inspection.plan(disks, CHOICES).edits == ()
    assert {"virtio_blk", "nvme"} < set(inspection.inspect(disks).kernels[0].in_initramfs)
    report = boot(raw, tmp_path, accelerator)
    assert report.booted, (report.failure, report.console)

# SPDX-License-Identifier: Apache-2.0
"""What a guest's drivers give it, line by line."""

from __future__ import annotations

import pytest

from vmferry.compute.hardware import BUSES, NICS, Bus, Hardware, Nic, choose
from vmferry.model.guest import DRIVERS, Kernel

VIRTIO = ("virtio_pci", "virtio_blk")


def kernel(built_in: tuple[str, ...], early: tuple[str, ...], modules: tuple[str, ...]) -> Kernel:
    return Kernel(
        release="6", path="/boot/k", built_in=built_in, in_initramfs=early, modules=modules
    )


def test_every_driver_is_one_that_inspection_looks_for() -> None:
    assert set().union(*BUSES.values(), *NICS.values()) <= set(DRIVERS)
    assert (list(BUSES), list(NICS)) == (list(Bus), list(Nic))


@pytest.mark.parametrize(
    ("built_in", "early", "modules", "expected"),
    [
        ((), (), (), (Bus.IDE, Nic.E1000)),
        (DRIVERS, (), (), (Bus.VIRTIO, Nic.VIRTIO)),
        ((), DRIVERS, (), (Bus.VIRTIO, Nic.VIRTIO)),
        ((), (), DRIVERS, (Bus.IDE, Nic.VIRTIO)),
        (("virtio_pci",), ("virtio_blk",), ("virtio_net",), (Bus.VIRTIO, Nic.VIRTIO)),
        (("virtio_blk",), ("virtio_net",), (), (Bus.IDE, Nic.E1000)),
        ((), ("virtio_pci", "virtio_scsi", "nvme"), ("e1000e",), (Bus.NVME, Nic.E1000E)),
        ((), ("virtio_pci", "virtio_scsi", "ahci"), ("e1000",), (Bus.SCSI, Nic.E1000)),
        ((), ("virtio_scsi", "ahci"), ("e1000", "e1000e"), (Bus.AHCI, Nic.E1000E)),
        (("ata_piix",), (), ("virtio_pci", "virtio_net"), (Bus.IDE, Nic.VIRTIO)),
        (("ahci", "ata_piix"), (), VIRTIO, (Bus.AHCI, Nic.E1000)),
        (("virtio_pci", "ahci"), (), ("virtio_blk", "ena"), (Bus.AHCI, Nic.E1000)),
    ],
)
def test_the_best_that_is_driven(
    built_in: tuple[str, ...],
    early: tuple[str, ...],
    modules: tuple[str, ...],
    expected: tuple[Bus, Nic],
) -> None:
    assert choose(kernel(built_in, early, modules)) == Hardware(*expected)


def test_a_guest_whose_kernel_is_not_known() -> None:
    assert choose(None) == Hardware(Bus.IDE, Nic.E1000)

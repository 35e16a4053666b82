# SPDX-License-Identifier: Apache-2.0
"""Drivers of our disks."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import KERNEL, facts, findings, lines


def test_in_the_initramfs() -> None:
    assert lines("storage_drivers") == []


def test_unknown() -> None:
    assert lines("storage_drivers", facts(kernels=(replace(KERNEL, in_initramfs=()),))) == []


def test_built_in() -> None:
    assert (
        lines(
            "storage_drivers",
            facts(kernels=(replace(KERNEL, in_initramfs=("ena",), built_in=("ahci",)),)),
        )
        == []
    )


def test_none() -> None:
    assert lines(
        "storage_drivers", facts(kernels=(replace(KERNEL, in_initramfs=("xen_blkfront",)),))
    ) == [
        (
            "drivers of boot/initrd.img-5.10.0-28-amd64: found xen_blkfront, expected one of "
            "ahci, ata_piix, nvme, virtio_blk, virtio_scsi"
        )
    ]


def test_one_that_nobody_could_read() -> None:
    kernel = replace(KERNEL, built_in=("xen_blkfront",), in_initramfs=(), undecided="too long")
    assert lines("storage_drivers", facts(kernels=(kernel,))) == []


def test_its_weight() -> None:
    finding = findings(
        "storage_drivers", facts(kernels=(replace(KERNEL, in_initramfs=("xen_blkfront",)),))
    )[0]
    assert finding.severity == "warns"
    assert finding.concerns == ("vmferry",)
    assert finding.aws_text == ("")

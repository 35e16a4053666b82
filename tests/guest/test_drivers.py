# SPDX-License-Identifier: Apache-2.0
"""Drivers by the kernel's lists, by folders, and in the initramfs of what boots."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import drivers, kernels
from vmferry.guest.settings import Settings
from vmferry.model.guest import DRIVERS, Kernel

LISTS = "lib/modules/6.1/modules"
NAME = b"usr/lib/modules/6.1/kernel/drivers/nvme/host/nvme.ko\0"
ARCHIVE = b"".join(
    b"070701".ljust(94, b"0")
    + b"%08X" % len(name)
    + b"0" * 8
    + name
    + bytes(-(110 + len(name)) % 4)
    for name in (NAME, b"TRAILER!!!\0")
)


def look(files: dict[str, str | bytes]) -> tuple[Kernel, list[str]]:
    tree = tree_of({"boot/vmlinuz-6.1": "x", "boot/vmlinuz-6.0": "x", **files})
    settings = Settings(tree)
    (kernel, older) = drivers.add(tree, kernels.find(tree), settings)
    assert older.in_initramfs == ()
    return kernel, settings.damage


@pytest.mark.parametrize(
    ("files", "built_in", "modules"),
    [
        ({"lib/modules/6.1/kernel/drivers/nvme/host/nvme.ko.xz": "x"}, (), ("nvme",)),
        ({"lib/modules/6.1/kernel/drivers/nvme/host/nvme-core.ko": "x"}, (), ()),
        ({"lib/modules/6.0/kernel/drivers/nvme/host/nvme.ko": "x"}, (), ()),
        ({f"{LISTS}.builtin": "kernel/drivers/nvme/host/nvme.ko\n"}, ("nvme",), ()),
        (
            {f"{LISTS}.dep": "updates/ena.ko.zst: kernel/nvme.ko\nkernel/xen-blkfront.ko:\n"},
            (),
            ("ena", "xen_blkfront"),
        ),
        ({f"{LISTS}.dep": "kernel/e1000e.ko:\n"}, (), ("e1000e",)),
        ({f"{LISTS}.dep": b"\xff" * 100}, (), ()),
        ({}, (), ()),
    ],
)
def test_lists(
    files: dict[str, str | bytes], built_in: tuple[str, ...], modules: tuple[str, ...]
) -> None:
    kernel, damage = look(files)
    assert (kernel.built_in, kernel.modules, damage) == (built_in, modules, [])


def test_every_driver_has_a_folder() -> None:
    assert tuple(drivers.FOLDERS) == DRIVERS


def test_the_initramfs_of_what_boots() -> None:
    kernel, damage = look({"boot/initrd.img-6.1": ARCHIVE, "boot/initrd.img-6.0": ARCHIVE})
    assert (kernel.in_initramfs, damage) == (("nvme",), [])


def test_an_initramfs_without_lists() -> None:
    module = "lib/modules/6.1/kernel/drivers/net/ethernet/amazon/ena/ena.ko"
    assert look({"boot/initrd.img-6.1": ARCHIVE, module: "x"})[0].in_initramfs == ("nvme",)
    files: dict[str, str | bytes] = {"boot/initrd.img-6.1": ARCHIVE, f"{LISTS}.dep": "a/ena.ko:\n"}
    assert look(files)[0].in_initramfs == ()


def test_a_damaged_initramfs() -> None:
    kernel, damage = look({"boot/initrd.img-6.1": b"\x1f\x8b" + b"\xff" * 100})
    assert (kernel.in_initramfs, damage) == ((), [])
    assert kernel.undecided.split(" found ")[0] == (
        "/boot/initrd.img-6.1: initramfs: gzip at byte 0:"
    )


def test_an_initramfs_of_an_unknown_kind() -> None:
    kernel, _ = look({"boot/initrd.img-6.1": b"nothing that is known"})
    assert kernel.undecided == (
        "/boot/initrd.img-6.1: initramfs at byte 0: found b'nothin',"
        " expected cpio or a compressed cpio"
    )


def test_an_initramfs_that_only_the_menu_knows() -> None:
    tree = tree_of({"boot/vmlinuz-6.1": "x"})
    kernel = Kernel(release="6.1", path="/boot/vmlinuz-6.1", initramfs="/boot/gone")
    (found,) = drivers.add(tree, [kernel], Settings(tree))
    assert found.undecided == "/boot/gone: the boot menu names it, and it is not there"


def test_a_long_initramfs_is_not_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmferry.guest.initramfs.prefix.STEPS", (64,))
    kernel, damage = look({"boot/initrd.img-6.1": ARCHIVE})
    assert kernel.in_initramfs == ()
    assert damage == [kernel.undecided]
    assert kernel.undecided.startswith("the drivers in the initramfs are not known: ")

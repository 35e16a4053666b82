# SPDX-License-Identifier: Apache-2.0
"""Kernels by their files, drivers by theirs, architectures by headers."""

from __future__ import annotations

import struct

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import kernels
from vmferry.model.guest import BootEntry

KERNEL = {"boot/vmlinuz-6.1": "x"}


def _elf(machine: int) -> bytes:
    return b"\x7fELF".ljust(18, b"\0") + struct.pack("<H", machine)


def _x86(flags: int) -> bytes:
    return b"".ljust(514, b"\0") + b"HdrS".ljust(52, b"\0") + struct.pack("<H", flags) + bytes(500)


def test_newest_first_and_rescue_last() -> None:
    names = ("0-rescue-abc", "5.15.0-100-generic", "5.15.0-94-generic", "7.0.old")
    tree = tree_of(
        {
            **{f"boot/vmlinuz-{name}": "x" for name in names},
            "boot/vmlinuz": "->vmlinuz-5.15.0-94-generic",
            "boot/vmlinuz-gone": "->nowhere",
            "boot/initrd.img-6.1": "x",
        }
    )
    found = kernels.find(tree)
    assert [kernel.release for kernel in found] == [names[1], names[2], names[3], names[0]]
    assert found[0].path == "/boot/vmlinuz-5.15.0-100-generic"


def test_what_is_no_kernel() -> None:
    tree = tree_of({"boot/vmlinux-4.4-default.gz": "x", "boot/.vmlinuz-4.4.hmac": "x"})
    assert kernels.find(tree) == ()


@pytest.mark.parametrize(
    "name",
    [
        *("initrd.img-6.1", "initramfs-6.1.img", "initrd-6.1", "initrd-6.1.img"),
        "initramfs-genkernel-x86_64-6.1",
    ],
)
def test_an_initramfs_by_its_name(name: str) -> None:
    (kernel,) = kernels.find(tree_of({**KERNEL, f"boot/{name}": "x", "boot/initrd.img": "x"}))
    assert kernel.initramfs == f"/boot/{name}"


def _entry(kernel: str, initramfs: str = "", *, default: bool = False) -> BootEntry:
    return BootEntry(
        loader="uki", title="", kernel=kernel, initramfs=initramfs, default=default, source="x"
    )


def test_what_boots_comes_first() -> None:
    tree = tree_of({**KERNEL, "boot/vmlinuz-6.2": "x", "boot/initrd.img-6.1": "x"})
    entries = (
        _entry("/boot/vmlinuz-6.1", "/boot/other", default=True),
        _entry("/boot/vmlinuz-6.1", "/boot/third"),
        _entry(""),
    )
    found = kernels.find(tree, entries)
    assert [(kernel.release, kernel.initramfs) for kernel in found] == [
        ("6.1", "/boot/other"),
        ("6.2", ""),
    ]


@pytest.mark.parametrize(
    ("path", "release"),
    [
        ("/efi/0123/6.5.6-300.fc39.x86_64/linux", "6.5.6-300.fc39.x86_64"),
        ("/efi/EFI/Linux/0123abcd-6.5.6-300.fc39.x86_64.efi", "6.5.6-300.fc39.x86_64"),
        ("/efi/EFI/Linux/arch.efi", "6.9-arch1"),
        ("/efi/unknown", ""),
    ],
)
def test_kernels_that_only_the_menu_knows(path: str, release: str) -> None:
    found = kernels.find(tree_of({}), (_entry(path),), {"/efi/EFI/Linux/arch.efi": "6.9-arch1"})
    assert [kernel.release for kernel in found] == ([release] if release else [])


def _named(release: bytes) -> bytes:
    image = bytearray(_x86(1).ljust(2048, b"\0"))
    struct.pack_into("<H", image, 526, 600)
    image[1112 : 1112 + len(release)] = release
    return bytes(image)


@pytest.mark.parametrize(
    ("image", "releases"),
    [
        (_named(b"6.1.0-18-amd64 (debian-kernel@lists.debian.org) #1 SMP"), ["6.1.0-18-amd64"]),
        (_named(b"6.1"), ["6.1"]),
        (_named(b"\xff\xfe"), []),
        (_named(b"7" * 500), []),
        (_x86(1), []),
        (b"x", []),
    ],
)
def test_a_kernel_that_says_its_release_itself(image: bytes, releases: list[str]) -> None:
    tree = tree_of({"boot/vmlinuz": image})
    found = kernels.find(tree, (_entry("/boot/vmlinuz", default=True),))
    assert [kernel.release for kernel in found] == releases


def test_a_copy_that_boots() -> None:
    tree = tree_of({"boot/vmlinuz": _named(b"6.1"), "boot/vmlinuz-6.1": "x"})
    found = kernels.find(tree, (_entry("/boot/vmlinuz", default=True),))
    assert [(kernel.release, kernel.path) for kernel in found] == [
        ("6.1", "/boot/vmlinuz"),
        ("6.1", "/boot/vmlinuz-6.1"),
    ]


def test_bits() -> None:
    assert kernels.bits(tree_of({"bin/sh": b"\x7fELF\x02" + _elf(62)[5:]})) == 64
    assert kernels.bits(tree_of({"bin/sh": b"\x7fELF\x01" + _elf(3)[5:]})) == 32
    assert kernels.bits(tree_of({"bin/sh": _elf(62)})) == 0
    assert kernels.bits(tree_of({})) == 0


@pytest.mark.parametrize(
    ("files", "architecture"),
    [
        ({"bin/sh": _elf(62)}, "x86_64"),
        ({"bin/sh": _elf(3)}, "i386"),
        ({"bin/sh": "#!/bin/busybox", "usr/bin/ls": _elf(183)}, "arm64"),
        ({"bin/sh": _elf(243)}, ""),
        ({"bin/sh": b"\x7fELF"}, ""),
        ({"boot/vmlinuz-6.1": _x86(1)}, "x86_64"),
        ({"boot/vmlinuz-6.1": _x86(0)}, "i386"),
        ({"boot/vmlinuz-6.1": bytes(56) + b"ARM\x64"}, "arm64"),
        ({"boot/vmlinuz-6.1": _x86(1)[:520]}, ""),
        ({}, ""),
    ],
)
def test_architectures(files: dict[str, str | bytes], architecture: str) -> None:
    tree = tree_of(files)
    assert kernels.architecture(tree, kernels.find(tree)) == architecture

# SPDX-License-Identifier: Apache-2.0
"""Kernels by their files, drivers by theirs, architectures by headers."""

from __future__ import annotations

import struct

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import kernels

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


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"lib/modules/6.1/kernel/drivers/nvme/host/nvme.ko.xz": "x"}, True),
        ({"lib/modules/6.1/kernel/drivers/nvme/host/nvme-core.ko": "x"}, False),
        ({"lib/modules/6.0/kernel/drivers/nvme/host/nvme.ko": "x"}, False),
        ({"lib/modules/6.1/modules.builtin": "kernel/drivers/nvme/host/nvme.ko\n"}, True),
        ({"lib/modules/6.1/modules.dep": "updates/nvme.ko.zst: a.ko\n"}, True),
        ({}, False),
    ],
)
def test_drivers(files: dict[str, str | bytes], found: bool) -> None:
    assert kernels.has_driver(tree_of(files), "6.1", "nvme") is found


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

# SPDX-License-Identifier: Apache-2.0
"""The kernels of a Linux guest, their drivers, and the architecture they run on.

Sources: Linux, Documentation/arch/x86/boot.rst (setup header), arch/arm64/booting.rst; System V
ABI, ELF header.

    Dec   Hex     Field
    514   0x202   x86 setup header "HdrS"            4 bytes
    566   0x236   xloadflags, bit 0: 64-bit kernel   u16
     56   0x38    arm64 image "ARM" 0x64             4 bytes
     18   0x12    ELF machine                        u16
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vmferry.guest.versions import key
from vmferry.model.guest import Kernel
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

BOOT: Final = "/boot"
PREFIXES: Final = ("vmlinuz-", "vmlinux-")
NOT_DEFAULT: Final = ("rescue", ".old", ".bak")
MOST_NAMES: Final = 10_000

ELF_MACHINES: Final = {62: "x86_64", 3: "i386", 183: "arm64"}
PROGRAMS: Final = ("/bin/sh", "/usr/bin/ls", "/sbin/init", "/usr/lib/systemd/systemd")

DRIVER_FOLDERS: Final = {
    "ena": "kernel/drivers/net/ethernet/amazon/ena",
    "nvme": "kernel/drivers/nvme/host",
}
LISTS: Final = ("modules.builtin", "modules.dep")
LONGEST_LIST: Final = 4 * MIB


def find(tree: Tree) -> tuple[Kernel, ...]:
    """Return the installed kernels, newest first; rescue copies and old ones come last."""
    releases = {
        name.removeprefix(prefix): f"{BOOT}/{name}"
        for name in tree.names(BOOT, MOST_NAMES)
        for prefix in PREFIXES
        if name.startswith(prefix) and tree.is_file(f"{BOOT}/{name}")
    }
    order = sorted(releases, key=lambda release: (_bootable(release), key(release)), reverse=True)
    return tuple(Kernel(release=release, path=releases[release]) for release in order)


def _bootable(release: str) -> bool:
    return not any(word in release for word in NOT_DEFAULT)


def has_driver(tree: Tree, release: str, driver: str) -> bool:
    """Tell whether the kernel ``release`` has ``driver``, as a module or built in."""
    modules = f"/lib/modules/{release}"
    if any(
        name.startswith(f"{driver}.ko")
        for name in tree.names(f"{modules}/{DRIVER_FOLDERS[driver]}", MOST_NAMES)
    ):
        return True
    needle = f"/{driver}.ko".encode()
    return any(needle in tree.read_head(f"{modules}/{name}", LONGEST_LIST) for name in LISTS)


def architecture(tree: Tree, kernels: tuple[Kernel, ...]) -> str:
    """Return ``x86_64``, ``i386`` or ``arm64``, or ``""``: by a program, else by the kernel."""
    for path in PROGRAMS:
        found = _elf_machine(tree.read_head(path, 64))
        if found:
            return found
    return _image_machine(tree.read_head(kernels[0].path, KIB)) if kernels else ""


def _elf_machine(head: bytes) -> str:
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    return ELF_MACHINES.get(struct.unpack_from("<H", head, 18)[0], "")


def _image_machine(head: bytes) -> str:
    if head[514:518] == b"HdrS" and len(head) >= 568:
        return "x86_64" if struct.unpack_from("<H", head, 566)[0] & 1 else "i386"
    return "arm64" if head[56:60] == b"ARM\x64" else ""

# SPDX-License-Identifier: Apache-2.0
"""The kernels of a Linux guest, and the architecture and width of its programs.

Sources: Linux, Documentation/arch/x86/boot.rst (setup header), arch/arm64/booting.rst; System V
ABI, ELF header.

    Dec   Hex     Field
    514   0x202   x86 setup header "HdrS"            4 bytes
    526   0x20e   where its release is, less 512     u16
    566   0x236   xloadflags, bit 0: 64-bit kernel   u16
     56   0x38    arm64 image "ARM" 0x64             4 bytes
      4   0x04    ELF class: 1 for 32 bits, 2 for 64 u8
     18   0x12    ELF machine                        u16
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from vmferry.guest.versions import key
from vmferry.model.guest import Kernel
from vmferry.units import KIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vmferry.guest.filesystem import Tree
    from vmferry.model.guest import BootEntry

BOOT: Final = "/boot"
PREFIXES: Final = ("vmlinuz-", "vmlinux-", "Image-")
NO_IMAGE: Final = (".gz", ".xz", ".hmac")
"""SUSE keeps ``vmlinux-….gz`` for debuggers beside the kernel that boots."""

NOT_DEFAULT: Final = ("rescue", ".old", ".bak")
MOST_NAMES: Final = 1000
"""In /boot, which has ten; ten thousand kernels would be looked up in as many names each."""

INITRAMFS: Final = (
    *("initrd.img-{}", "initramfs-{}.img", "initrd-{}", "initrd-{}.img", "initramfs-{}"),
    "initramfs-genkernel-x86_64-{}",
)
"""Names of initramfs-tools, dracut, SUSE, mkinitrd and genkernel."""

LONGEST_SETUP: Final = 32 * KIB
"""The real-mode part of an image: 64 sectors at most."""

LONGEST_RELEASE: Final = 128
RELEASE: Final = re.compile(rb"[0-9][0-9A-Za-z.+_~-]{0,64}")

EMPTY: Final[Mapping[str, str]] = {}
ELF_MACHINES: Final = {62: "x86_64", 3: "i386", 183: "arm64"}
ELF_BITS: Final = {1: 32, 2: 64}
PROGRAMS: Final = ("/bin/sh", "/usr/bin/ls", "/sbin/init", "/usr/lib/systemd/systemd")


def find(
    tree: Tree, entries: Sequence[BootEntry] = (), releases: Mapping[str, str] = EMPTY
) -> tuple[Kernel, ...]:
    """Return the installed kernels: that of the default entry, then newest first.

    Rescue copies and old ones come last. Kernels that are not in /boot are known from the menu.

    Args:
        tree: The guest's files.
        entries: What the boot menus offer, the default first.
        releases: What they say of kernels by their paths.
    """
    listed = dict(_listed(tree))
    known = {entry.kernel: entry for entry in reversed(entries) if entry.kernel}
    default = next((entry.kernel for entry in entries if entry.default), "")
    found = {path: release for release, path in listed.items()}
    for path in known:
        if path in found:
            continue
        release = releases.get(path, "") or _release(path) or _written(tree, path)
        if release and (release not in listed or path == default):
            found[path] = release
    order = sorted(
        found,
        key=lambda path: (path == default, _bootable(found[path]), key(found[path])),
        reverse=True,
    )
    return tuple(
        Kernel(
            release=found[path],
            path=path,
            initramfs=(known[path].initramfs if path in known else "")
            or _initramfs(tree, found[path]),
        )
        for path in order
    )


def _listed(tree: Tree) -> Iterator[tuple[str, str]]:
    for name in tree.names(BOOT, MOST_NAMES):
        for prefix in PREFIXES:
            path = f"{BOOT}/{name}"
            if name.startswith(prefix) and not name.endswith(NO_IMAGE) and tree.is_file(path):
                yield name.removeprefix(prefix), path


def _release(path: str) -> str:
    """Return the release in a kernel's path: ``vmlinuz-6.1``, ``…/6.1/linux`` or ``id-6.1.efi``."""
    *_, folder, name = ("", *path.split("/"))
    if name == "linux":
        return folder
    name = name.removesuffix(".efi")
    for at, character in enumerate(name):
        if character.isdigit() and "." in name[at : at + 3] and (at == 0 or name[at - 1] == "-"):
            return name[at:]
    return ""


def _written(tree: Tree, path: str) -> str:
    """Return the release that an image says of itself, as of a plain ``/boot/vmlinuz``."""
    head = tree.read_head(path, LONGEST_SETUP)
    if head[514:518] != b"HdrS":
        return ""
    start = SECTOR + struct.unpack_from("<H", head, 526)[0]
    word = head[start : start + LONGEST_RELEASE].split(b"\0", 1)[0].split(b" ", 1)[0]
    return word.decode("ascii", "replace") if RELEASE.fullmatch(word) else ""


def _initramfs(tree: Tree, release: str) -> str:
    for pattern in INITRAMFS:
        path = f"{BOOT}/{pattern.format(release)}"
        if tree.is_file(path):
            return path
    return ""


def _bootable(release: str) -> bool:
    return not any(word in release for word in NOT_DEFAULT)


def architecture(tree: Tree, kernels: Sequence[Kernel]) -> str:
    """Return ``x86_64``, ``i386`` or ``arm64``, or ``""``: by a program, else by the kernel."""
    for path in PROGRAMS:
        found = _elf_machine(tree.read_head(path, 64))
        if found:
            return found
    return _image_machine(tree.read_head(kernels[0].path, KIB)) if kernels else ""


def bits(tree: Tree) -> int:
    """Return whether the programs have 32 or 64 bits; 0 when none is there to say it."""
    for path in PROGRAMS:
        head = tree.read_head(path, 64)
        if _elf_machine(head):
            return ELF_BITS.get(head[4], 0)
    return 0


def _elf_machine(head: bytes) -> str:
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    return ELF_MACHINES.get(struct.unpack_from("<H", head, 18)[0], "")


def _image_machine(head: bytes) -> str:
    if head[514:518] == b"HdrS" and len(head) >= 568:
        return "x86_64" if struct.unpack_from("<H", head, 566)[0] & 1 else "i386"
    return "arm64" if head[56:60] == b"ARM\x64" else ""

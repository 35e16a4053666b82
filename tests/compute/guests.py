# SPDX-License-Identifier: Apache-2.0
"""The real guest on throw-away overlays, as it is and with small changes to its files.

The changes have the length of what they replace, so they are written over the file's bytes on the
disk, and no file system has to be mounted.
"""

from __future__ import annotations

import mmap
import os
import subprocess
from typing import TYPE_CHECKING, Final

from vmferry.compute.drives import Drive, FileImage, make_overlay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.compute.hardware import Bus

STATIC: Final = b"""\
auto ens192
iface ens192 inet static
    address 192.168.10.20/24
    gateway 192.168.10.1
"""
DHCP: Final = b"""\
auto enp0s2
iface enp0s2 inet dhcp
"""
"""For the name that the card has on Q35."""

INITRD: Final = b"\tinitrd\t/boot/initrd.img-"
NO_INITRD: Final = b"#" * len(INITRD)
"""GRUB's line without which the kernel finds no root."""


def changed(raw: Path, folder: Path, *changes: tuple[bytes, bytes], bus: Bus) -> Drive:
    """Return a drive that reads ``raw`` and keeps what is written in ``folder``."""
    path = make_overlay(folder / "overlay.qcow2", raw.stat().st_size)
    backing = f'"backing":{{"driver":"raw","file":{{"driver":"file","filename":"{raw}"}}}}'
    image = f'json:{{"driver":"qcow2","file":{{"driver":"file","filename":"{path}"}},{backing}}}'
    for number, (old, new) in enumerate(changes):
        patch = folder / f"patch{number}"
        patch.write_bytes(new.ljust(len(old), b"#"))
        places = list(find(raw, old))
        assert places, f"the guest has no {old[:40]!r}"
        for place in places:
            subprocess.run(
                ["qemu-io", "-c", f"write -q -s {patch} {place} {len(old)}", image],
                check=True,
                capture_output=True,
            )
    return Drive(source=FileImage(path=raw), overlay=path, bus=bus, durable=False)


def find(raw: Path, text: bytes) -> Iterator[int]:
    """Yield where ``text`` begins on a disk, holes apart."""
    with raw.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as disk:
        end = 0
        while True:
            try:
                begin = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            at = disk.find(text, begin, end)
            while at >= 0:
                yield at
                at = disk.find(text, at + 1, end)

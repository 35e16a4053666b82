# SPDX-License-Identifier: Apache-2.0
"""What is measured on: the real guest, and a tebibyte that is almost empty."""

from __future__ import annotations

import os
import subprocess
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tools.make_guest.cache import obtain
from tools.make_guest.progress import Progress
from tools.make_guest.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

MIB: Final = 1 << 20
TIB: Final = 1 << 40


class Inputs:
    """Files below one folder, each made when it is first asked for."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder, self._console = folder, console

    @cached_property
    def guest_raw(self) -> Path:
        """The Debian guest's disk as a raw file (``tools/make_guest``)."""
        return obtain(Recipe(), "raw", Progress())

    @cached_property
    def guest_ova(self) -> Path:
        """The same disk as an OVA."""
        return obtain(Recipe(), "ova", Progress())

    @cached_property
    def guest_vmdk(self) -> Path:
        """The same disk as qemu-img's streamOptimized VMDK."""
        self._console.print("  qemu-img writes the guest as VMDK …")
        return to_vmdk(self.guest_raw, self.folder / "guest.vmdk")

    @cached_property
    def sparse_vmdk(self) -> Path:
        """A disk of 1 TiB with 64 MiB of random bytes at sixteen places, as VMDK."""
        self._console.print("  qemu-img writes a sparse disk of 1 TiB as VMDK …")
        raw = self.folder / "sparse.raw"
        with raw.open("wb") as out:
            out.truncate(TIB)
            for place in range(16):
                out.seek(place * TIB // 16 + 12_345 * 512)
                out.write(os.urandom(64 * MIB))
        return to_vmdk(raw, self.folder / "sparse.vmdk")

    @cached_property
    def half_random(self) -> Path:
        """A raw disk of 10 GiB: a random MiB, a MiB of zeros that are stored, and so on."""
        self._console.print("  writing a disk of 10 GiB, half of it random …")
        path = self.folder / "half-random.raw"
        with path.open("wb") as out:
            for _ in range(5 << 10):
                out.write(os.urandom(MIB) + bytes(MIB))
        return path

    @cached_property
    def sparse_vhdx(self) -> Path:
        """A dynamic VHDX of 16 TiB with 64 MiB of random bytes at sixteen places, by qemu."""
        self._console.print("  qemu writes a sparse disk of 16 TiB as VHDX …")
        path = self.folder / "sparse.vhdx"
        subprocess.run(["qemu-img", "create", "-q", "-f", "vhdx", str(path), "16T"], check=True)
        content = self.folder / "random"
        content.write_bytes(os.urandom(64 * MIB))
        places = (place * TIB + 12_345 * 512 for place in range(16))
        writes = "".join(f"write -q -s {content} {at} 64M\n" for at in places)
        subprocess.run(
            ["qemu-io", "-f", "vhdx", str(path)],
            input=writes, text=True, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return path


def to_vmdk(raw: Path, target: Path) -> Path:
    """Convert with qemu-img and return ``target``."""
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
         str(raw), str(target)],
        check=True,
    )  # fmt: skip
    return target

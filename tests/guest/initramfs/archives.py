# SPDX-License-Identifier: Apache-2.0
"""Initramfs by the programs that make them: cpio, and what compresses.

Their Debian packages have their names, but lzma and xz are in xz-utils.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

COMPRESSORS: Final = {
    "gzip": ["gzip", "-c"],
    "xz": ["xz", "--check=crc32", "-c"],
    "lzma": ["lzma", "-c"],
    "bzip2": ["bzip2", "-c"],
    "zstd": ["zstd", "-q", "-c"],
    "lz4": ["lz4", "-l", "-9", "-c"],
}
FOLDER: Final = "usr/lib/modules/6.1/kernel/drivers"
MODULES: Final = {
    "ahci": f"{FOLDER}/ata/ahci.ko",
    "virtio_blk": f"{FOLDER}/block/virtio_blk.ko.xz",
    "xen_blkfront": f"{FOLDER}/block/xen-blkfront.ko.zst",
    "nvme": f"{FOLDER}/nvme/host/nvme.ko.gz",
}
MICROCODE: Final = {"kernel/x86/microcode/GenuineIntel.bin": b"\x01" * 5000}


def cpio(folder: Path, files: dict[str, bytes], others: tuple[str, ...] = ()) -> bytes:
    """Return an archive of ``files``, and of ``others`` in ``folder``, as GNU cpio writes it."""
    names = []
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        names.append(path)
    listed = "\n".join([*names, *others]).encode()
    return run(["cpio", "--quiet", "-o", "-H", "newc"], listed, folder)


def compress(name: str, data: bytes) -> bytes:
    """Return ``data`` compressed by the program ``name``."""
    return run(COMPRESSORS[name], data)


def run(command: list[str], data: bytes, folder: Path | None = None) -> bytes:
    """Run an independent program on ``data``."""
    return subprocess.run(command, input=data, capture_output=True, check=True, cwd=folder).stdout

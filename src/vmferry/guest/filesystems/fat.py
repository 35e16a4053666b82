# SPDX-License-Identifier: Apache-2.0
r"""FAT with 12, 16 and 32 bits: EFI system partitions and some a /boot; read by libfsfat.

Names are found whatever their case is, as UEFI looks for ``\EFI\BOOT\BOOTX64.EFI``.

Source: Microsoft, FAT32 File System Specification, 1.03; UEFI Specification 2.10, 13.3.
"""

from __future__ import annotations

from typing import Any, Final

import pyfsfat

from vmferry.guest.filesystem import FileSystem, NodeKind
from vmferry.guest.filesystems._libyal import Library

DIRECTORY: Final = 0x10


def kind(entry: Any) -> NodeKind:  # noqa: ANN401
    """Return what an entry is; the root has no attributes."""
    flags = entry.file_attribute_flags
    return NodeKind.DIRECTORY if flags is None or flags & DIRECTORY else NodeKind.FILE


FILESYSTEM = FileSystem(
    name="fat",
    kinds=("vfat",),
    open=Library(
        name="FAT",
        volume=pyfsfat.volume,
        kind=kind,
        separator="\\",
        remedy="Run fsck.vfat or chkdsk in the machine and export it again",
    ).open,
)

# SPDX-License-Identifier: Apache-2.0
"""XFS version 4 (until RHEL 7.2) and version 5 (with checksums), read by libfsxfs.

Source: XFS Algorithms & Data Structures, 3rd edition (kernel.org).
"""

from __future__ import annotations

import pyfsxfs

from vmferry.guest.filesystem import FileSystem
from vmferry.guest.filesystems._libyal import Library

FILESYSTEM = FileSystem(
    name="xfs",
    kinds=("xfs",),
    open=Library(
        name="xfs",
        volume=pyfsxfs.volume,
        remedy="Run xfs_repair in the machine and export it again",
    ).open,
)

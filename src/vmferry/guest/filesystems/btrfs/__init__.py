# SPDX-License-Identifier: Apache-2.0
"""Btrfs on one device, read without a library: none exists that we may use.

Every node's checksum is verified, data's is not. Subvolumes, snapshots and compressed extents are
read; the log of the last seconds before an unclean end is not replayed.

    super block ─▶ chunk tree ─▶ root tree ─▶ a subvolume's tree ─▶ directory, inode, extents

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html
"""

from __future__ import annotations

from vmferry.guest.filesystem import FileSystem
from vmferry.guest.filesystems.btrfs.node import is_clean, open_btrfs, open_subvolumes
from vmferry.guest.filesystems.btrfs.space import free

FILESYSTEM = FileSystem(
    name="btrfs",
    kinds=("btrfs",),
    open=open_btrfs,
    subvolumes=open_subvolumes,
    is_clean=is_clean,
    free=free,
)

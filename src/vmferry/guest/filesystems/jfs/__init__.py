# SPDX-License-Identifier: Apache-2.0
"""JFS of Linux, read without a library: none exists that we may use.

The journal is not replayed; ``is_clean`` says whether it holds anything. JFS has no checksums, so
every page and inode is taken for what it is only if it says so itself.

    super block ─▶ aggregate inode table ─▶ inode map ─▶ inodes ─▶ directories, extents

Source: S. Best, D. Kleikamp, "JFS Layout" (IBM, 2000);
https://jfs.sourceforge.net/project/pub/jfslayout.pdf
"""

from __future__ import annotations

from vmferry.guest.filesystem import FileSystem
from vmferry.guest.filesystems.jfs.node import free, is_clean, open_jfs

FILESYSTEM = FileSystem(name="jfs", kinds=("jfs",), open=open_jfs, is_clean=is_clean, free=free)

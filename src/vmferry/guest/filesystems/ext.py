# SPDX-License-Identifier: Apache-2.0
"""ext2, ext3 and ext4, read by libfsext.

Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/
"""

from __future__ import annotations

import pyfsext

from vmferry.guest.filesystem import FileSystem
from vmferry.guest.filesystems._libyal import Library

FILESYSTEM = FileSystem(
    name="ext",
    kinds=("ext2", "ext3", "ext4"),
    open=Library(name="ext", volume=pyfsext.volume).open,
)

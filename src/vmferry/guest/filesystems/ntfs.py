# SPDX-License-Identifier: Apache-2.0
"""NTFS, read by libfsntfs; names are found whatever their case is, as Windows looks for them.

Links (reparse points) are neither files nor directories here: their targets are paths of Windows,
with drive letters, which only what knows Windows can follow.

Source: libfsntfs, documentation of the New Technologies File System.
"""

from __future__ import annotations

from typing import Any

import pyfsntfs

from vmferry.guest.filesystem import FileSystem, NodeKind
from vmferry.guest.filesystems._libyal import Library


def kind(entry: Any) -> NodeKind:  # noqa: ANN401
    """Return what an entry is."""
    if entry.symbolic_link_target is not None:
        return NodeKind.OTHER
    if entry.has_directory_entries_index():
        return NodeKind.DIRECTORY
    return NodeKind.FILE if entry.has_default_data_stream() else NodeKind.OTHER


FILESYSTEM = FileSystem(
    name="ntfs",
    kinds=("ntfs",),
    open=Library(
        name="NTFS",
        volume=pyfsntfs.volume,
        kind=kind,
        separator="\\",
        remedy="Run chkdsk in the machine and export it again",
    ).open,
)

# SPDX-License-Identifier: Apache-2.0
"""VMDK: the disk of VMware, as one sparse file.

Read: streamOptimized, which exports make and the only kind that AWS takes, and monolithicSparse,
which qemu-img and VMware Workstation make. Written: streamOptimized. Every kind that names other
files or devices is refused.

Source: VMware, Virtual Disk Format 5.0 (2011).
"""

from __future__ import annotations

from vmferry.formats import DiskFormat
from vmferry.formats.vmdk.kinds import check_kind, probe
from vmferry.formats.vmdk.reader import VmdkReader, check_layout
from vmferry.formats.vmdk.writer import VmdkWriter

FORMAT = DiskFormat(
    name="vmdk",
    probe=probe,
    safety=(check_kind, check_layout),
    read=VmdkReader,
    writers={"streamOptimized": VmdkWriter},
)

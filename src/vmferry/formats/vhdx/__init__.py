# SPDX-License-Identifier: Apache-2.0
"""VHDX: the disk of Hyper-V since 2012.

Read: fixed and dynamic, with the log replayed in memory. Written: dynamic. A differencing disk is
refused.

Source: [MS-VHDX] 7.0, Virtual Hard Disk v2 (VHDX) File Format.
"""

from __future__ import annotations

from vmferry.formats import DiskFormat
from vmferry.formats.vhdx.header import probe
from vmferry.formats.vhdx.reader import VhdxReader, check_layout
from vmferry.formats.vhdx.writer import VhdxWriter

FORMAT = DiskFormat(
    name="vhdx",
    probe=probe,
    safety=(check_layout,),
    read=VhdxReader,
    writers={"dynamic": VhdxWriter},
)

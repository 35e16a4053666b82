# SPDX-License-Identifier: Apache-2.0
"""VHD: the disk of Virtual PC, Hyper-V before 2012, Azure and Xen.

Read and written: fixed, which is what AWS exports and the only kind that Azure takes, and dynamic,
which Hyper-V, Xen and VirtualBox make. Differencing disks are refused, and what their
parent locators name is never looked at.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0 (2006).
"""

from __future__ import annotations

from vmferry.formats import DiskFormat
from vmferry.formats.vhd.dynamic import DynamicVhdWriter
from vmferry.formats.vhd.fixed import FixedVhdWriter
from vmferry.formats.vhd.footers import check_footers, probe
from vmferry.formats.vhd.reader import VhdReader, check_layout

FORMAT = DiskFormat(
    name="vhd",
    probe=probe,
    safety=(check_footers, check_layout),
    read=VhdReader,
    writers={"dynamic": DynamicVhdWriter, "fixed": FixedVhdWriter},
)

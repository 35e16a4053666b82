# SPDX-License-Identifier: Apache-2.0
"""Disks from one file into another, and two disks side by side: offline, on every core.

Nothing here needs a service or leaves a record; what was begun and not finished is removed. Tasks
do the same work step by step (``jobs``), so that they survive a kill.
"""

from __future__ import annotations

from vmferry.convert.compare import Difference, compare_disks
from vmferry.convert.disk import Converted, convert_disk, write_disk
from vmferry.convert.locations import Content, locate, open_disk
from vmferry.convert.manifest import verified
from vmferry.convert.target import Target, partial

__all__ = [
    "Content",
    "Converted",
    "Difference",
    "Target",
    "compare_disks",
    "convert_disk",
    "locate",
    "open_disk",
    "partial",
    "verified",
    "write_disk",
]

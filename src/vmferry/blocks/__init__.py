# SPDX-License-Identifier: Apache-2.0
"""Blocks: 512 KiB pieces of disks, stored once, found by their digest.

    disk ─▶ ingest ─▶ segment (compressed blocks)      ─▶ block map ─▶ snapshot (a Disk again)
                └───▶ index (digest → segment, offset)
    snapshot ─▶ device (copy-on-write) ─▶ nbd (serves it) ; ─▶ changes ─▶ block map of its own

Commit order: a segment is durable before the index names it, the index and the segment before a map
does, the map before the record that makes it visible. What a crash leaves is garbage for
``collect``.
"""

from vmferry.blocks.changes import Changes
from vmferry.blocks.collect import collect
from vmferry.blocks.device import Device
from vmferry.blocks.index import BlockIndex
from vmferry.blocks.ingest import Ingest
from vmferry.blocks.map import seal
from vmferry.blocks.snapshot import SnapshotDisk

__all__ = ["BlockIndex", "Changes", "Device", "Ingest", "SnapshotDisk", "collect", "seal"]

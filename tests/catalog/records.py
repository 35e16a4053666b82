# SPDX-License-Identifier: Apache-2.0
"""Owners, images and snapshots for tests of the records."""

from __future__ import annotations

from typing import Final

from vmferry.database.engine import now
from vmferry.model import ids
from vmferry.model.catalog import BlockDevice, Image, Owner, Snapshot

OWNER: Final = Owner(account="123456789012", region="us-east-1")
STRANGERS: Final = (
    Owner(account="999999999999", region="us-east-1"),
    Owner(account="123456789012", region="eu-central-1"),
)


def snapshot(owner: Owner = OWNER) -> Snapshot:
    """Return a new snapshot."""
    return Snapshot(
        id=ids.new("snap"),
        owner=owner,
        size=(1 << 40) + 5,
        map_id=f"import-snap-{ids.new('x')}.0",
        description="Größe: 1 TiB",
        state="completed",
        created=now(),
    )


def image(name: str = "debian", *, owner: Owner = OWNER, snapshots: tuple[str, ...] = ()) -> Image:
    """Return a new image."""
    return Image(
        id=ids.new("ami"),
        owner=owner,
        name=name,
        description="AWS-VMImport service: Linux",
        architecture="x86_64",
        boot_mode="legacy-bios",
        platform="",
        root_device_name="/dev/sda1",
        created=now(),
        devices=tuple(
            BlockDevice(device_name=f"/dev/sd{chr(97 + at)}", snapshot_id=name, volume_size_gib=8)
            for at, name in enumerate(snapshots)
        ),
        attributes={"usage": "test"},
    )

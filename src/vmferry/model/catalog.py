# SPDX-License-Identifier: Apache-2.0
"""Images and snapshots: what an import leaves, and what an export starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a resource is and where; other accounts' and regions' resources do not exist for it."""

    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Numbered blocks with a size.

    Attributes:
        id: ``snap-…``.
        size: The disk's size in bytes; the API shows GiB, rounded up.
        map_id: The block map below it (``blocks``).
        state: ``pending``, ``completed`` or ``error``.
        original: The block map of the disk as it was before fix-ups, ``""`` if it was not changed.
    """

    id: str
    owner: Owner
    size: int
    map_id: str
    description: str
    state: str
    created: datetime
    encrypted: bool = False
    kms_key_id: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """One disk of an image.

    Attributes:
        device_name: ``/dev/sda1``, ``/dev/sdb``, …
        volume_size_gib: Size of the volume that is made from it.
    """

    device_name: str
    snapshot_id: str
    volume_size_gib: int
    volume_type: str = "gp2"
    delete_on_termination: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An AMI: snapshots and how to boot them.

    Attributes:
        attributes: What only the API knows.
    """

    id: str
    owner: Owner
    name: str
    description: str
    architecture: str
    boot_mode: str
    platform: str
    root_device_name: str
    created: datetime
    devices: tuple[BlockDevice, ...]
    state: str = "available"
    virtualization_type: str = "hvm"
    ena_support: bool = False
    platform_details: str = "Linux/UNIX"
    usage_operation: str = "RunInstances"
    attributes: dict[str, str] = field(default_factory=dict)

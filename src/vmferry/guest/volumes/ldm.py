# SPDX-License-Identifier: Apache-2.0
"""Windows dynamic disks (Logical Disk Manager): recognised, and refused by name.

A dynamic disk keeps its volumes in a database of its own in the last MiB; its partition table has
one type for all that belongs to it.

Source: Microsoft, Basic and Dynamic Disks; Linux, Documentation/admin-guide/ldm.rst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest.volumes import Joined, Manager, Member

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: Final = (
    "0x42",
    "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3",  # metadata
    "af9b60a0-1431-4f62-bc68-3311714a69ad",  # data
)


def join(members: Sequence[Member]) -> tuple[list[Joined], list[GuestError]]:
    """Return no volume, and one refusal for each dynamic disk."""
    first = {member.partition.disk: member for member in reversed(members)}
    return [], [
        GuestError(
            f"disk {disk}: found a dynamic disk of Windows, expected a basic disk",
            hint="Convert it to a basic disk, or move its volumes to one",
        )
        for disk in sorted(first)
    ]


VOLUMES = Manager(name="ldm", rank=20, owns=lambda member: member.kind in KINDS, join=join)

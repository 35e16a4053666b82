# SPDX-License-Identifier: Apache-2.0
"""Which partition the guest mounts where, as its fstab says: kernels often live on their own one.

Source: fstab(5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.filesystem import Tree
    from vmferry.model.guest import Partition

FSTAB: Final = "/etc/fstab"
LONGEST: Final = MIB
WANTED: Final = ("/boot", "/usr")
"""Where os-release, kernels and drivers can be; nothing else of the guest is looked at."""

DEVICE: Final = re.compile(r"/dev/(?:[shv]|xv)d([a-z])(\d{1,3})")


def read(tree: Tree, partitions: Sequence[Partition]) -> dict[str, Partition]:
    """Return the wanted mount points of ``tree`` that have a partition here."""
    if not tree.is_file(FSTAB):
        return {}
    found = {}
    for line in tree.read_file(FSTAB, LONGEST).decode("utf-8", "replace").splitlines():
        fields = line.split()
        if len(fields) < 2 or fields[0].startswith("#") or fields[1] not in WANTED:
            continue
        match = [partition for partition in partitions if _is(fields[0], partition)]
        if match:
            found[fields[1]] = match[0]
    return found


def _is(spec: str, partition: Partition) -> bool:
    tag, _, value = spec.partition("=")
    value = value.strip('"')
    if tag == "UUID":
        return bool(value) and value.lower() == partition.uuid
    if tag == "LABEL":
        return bool(value) and value == partition.label
    device = DEVICE.fullmatch(spec)
    if device is None:
        return False
    disk = ord(device[1]) - ord("a")
    return (disk, int(device[2])) == (partition.disk, partition.number)

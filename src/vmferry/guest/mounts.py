# SPDX-License-Identifier: Apache-2.0
"""Which partition the guest mounts where, as its fstab says: kernels often live on their own one.

Source: fstab(5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.guest.filesystem import Tree
    from vmferry.model.guest import Partition

FSTAB: Final = "/etc/fstab"
LONGEST: Final = MIB
WANTED: Final = ("/boot", "/usr")
"""Where os-release, kernels and drivers can be; nothing else of the guest is looked at."""

DEVICE: Final = re.compile(
    r"/dev/(?:(?:[shv]|xv)d(?P<letter>[a-z])|nvme(?P<nvme>\d{1,2})n1p?)(?P<number>\d{0,3})"
)
LINK: Final = re.compile(r"/dev/disk/by-(uuid|label|partuuid)/(.+)")
ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-7]{3}))")
"""fstab writes a blank as ``\\040``, udev in its links as ``\\x20``."""


class Mount(NamedTuple):
    """What is mounted somewhere: a partition or volume, of Btrfs a subvolume of it by its path."""

    partition: Partition
    subvolume: str


class _Entry(NamedTuple):
    spec: str
    path: str
    subvolume: str


def read(tree: Tree, partitions: Sequence[Partition]) -> dict[str, Mount]:
    """Return the wanted mount points of ``tree`` whose partitions are here."""
    found = {}
    for entry in _entries(tree):
        if entry.path in WANTED:
            match = [partition for partition in partitions if _is(entry.spec, partition)]
            if match:
                found[entry.path] = Mount(match[0], entry.subvolume)
    return found


def root_subvolume(tree: Tree) -> str:
    """Return the path of the subvolume that ``tree`` itself is, as its fstab says; else ``""``."""
    return next((entry.subvolume for entry in _entries(tree) if entry.path == "/"), "")


def _entries(tree: Tree) -> Iterator[_Entry]:
    if not tree.is_file(FSTAB):
        return
    for line in tree.read_file(FSTAB, LONGEST).decode("utf-8", "replace").splitlines():
        fields = line.split()
        if len(fields) >= 2 and not fields[0].startswith("#"):
            options = fields[3].split(",") if len(fields) > 3 else []
            subvolumes = (option[7:].strip("/") for option in options if option[:7] == "subvol=")
            yield _Entry(fields[0], fields[1], next(subvolumes, ""))


def _is(spec: str, partition: Partition) -> bool:
    spec = ESCAPE.sub(lambda found: chr(int(found[1], 16) if found[1] else int(found[2], 8)), spec)
    link = LINK.fullmatch(spec)
    tag, _, value = f"{link[1].upper()}={link[2]}".partition("=") if link else spec.partition("=")
    value = value.strip('"')
    if tag in ("UUID", "LABEL", "PARTUUID"):
        names = {"UUID": partition.uuid, "PARTUUID": partition.partuuid, "LABEL": partition.label}
        wanted = value if tag == "LABEL" else value.lower()
        return bool(value) and wanted == names[tag]
    if partition.volume:
        return spec in _volume_paths(partition.volume)
    device = DEVICE.fullmatch(spec)
    if device is None:
        return False
    disk = int(device["nvme"]) if device["nvme"] else ord(device["letter"]) - ord("a")
    return (disk, int(device["number"] or 0)) == (partition.disk, partition.number)


def _volume_paths(volume: str) -> tuple[str, str]:
    """Return the two names of a logical volume; the device mapper doubles hyphens inside names."""
    mapper = "-".join(part.replace("-", "--") for part in volume.split("/"))
    return f"/dev/{volume}", f"/dev/mapper/{mapper}"

# SPDX-License-Identifier: Apache-2.0
r"""/etc/fstab: its lines, and which partition each of them means.

A line names what it mounts by a tag (``UUID=``), a link that udev makes (``/dev/disk/by-uuid/…``),
a logical volume or a device. Devices are counted as the kernel counts them when there is nothing
but the guest's disks: the first is sda, vda, xvda, hda or nvme0n1.

Sources: fstab(5); getmntent(3) for the fields and their escapes; Linux,
Documentation/admin-guide/devices.txt for the names of disks; lvm(8), "Device mapper names".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.model.guest import FstabEntry
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmferry.guest.settings import Settings
    from vmferry.model.guest import Partition

FSTAB: Final = "/etc/fstab"
LONGEST: Final = 64 * KIB
MOST_ENTRIES: Final = 1000

ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2}))")
r"""fstab writes a blank as ``\040``, udev in its links as ``\x20``."""

DEVICE: Final = re.compile(
    r"/dev/(?:(?:[shv]|xv)d(?P<letters>[a-z]{1,2})|nvme(?P<nvme>\d{1,3})n1p?)(?P<number>\d{0,3})"
)
LINK: Final = re.compile(r"/dev/disk/by-(uuid|label|partuuid|partlabel)/(.+)")
VOLUME_LINK: Final = "/dev/disk/by-id/dm-name-"
MAPPER: Final = "/dev/mapper/"
CASELESS: Final = ("UUID", "PARTUUID")
NO_DEVICE: Final = frozenset(
    (
        *(
            "proc",
            "sysfs",
            "tmpfs",
            "devtmpfs",
            "devpts",
            "cgroup",
            "cgroup2",
            "debugfs",
            "tracefs",
        ),
        *("securityfs", "configfs", "hugetlbfs", "mqueue", "binfmt_misc", "overlay", "usbfs"),
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "vboxsf", "9p", "virtiofs", "ceph", "glusterfs"),
    )
)
"""Types that are mounted from no disk, whatever their first field says."""


class Line(NamedTuple):
    """One line that mounts something.

    Attributes:
        number: From 1.
        spec: What is mounted, as written.
        path: Where, without escapes and without a slash at its end.
        kind: The file system type.
        options: As written; ``""`` when there are none.
    """

    number: int
    spec: str
    path: str
    kind: str
    options: str


def parse(text: str) -> Iterator[Line]:
    """Yield the lines of an fstab that have their first two fields; the others count as ``""``."""
    for number, line in enumerate(text.split("\n"), 1):
        fields = re.split("[ \t]+", line.strip(" \t\r"), maxsplit=4)
        if len(fields) > 1 and not fields[0].startswith("#"):
            spec, path, kind, options, *_ = (*fields, "", "")
            yield Line(number, spec, _trimmed(unescape(path)), kind, options)


def unescape(text: str) -> str:
    """Return ``text`` with the characters that its escapes stand for."""
    return ESCAPE.sub(lambda found: chr(int(found[1], 16) if found[1] else int(found[2], 8)), text)


def _trimmed(path: str) -> str:
    return path.rstrip("/") or "/" if path.startswith("/") else path


class Devices:
    """Partitions by every name that an fstab can have for them; of two of a name, the first."""

    def __init__(self, partitions: Sequence[Partition]) -> None:
        self._indices: dict[tuple[str, str], int] = {}
        for index, partition in enumerate(partitions):
            for name in _names(partition):
                self._indices.setdefault(name, index)

    def find(self, spec: str) -> int | None:
        """Return the index of the partition that ``spec`` means, ``None`` if it is none of them."""
        spec = unescape(spec)
        link = LINK.fullmatch(spec)
        tag, _, value = f"{link[1].upper()}={link[2]}".partition("=") if link else _tag(spec)
        if tag:
            value = value.strip('"')
            return self._indices.get((tag, value.lower() if tag in CASELESS else value))
        if spec.startswith(VOLUME_LINK):
            spec = MAPPER + spec.removeprefix(VOLUME_LINK)
        device = DEVICE.fullmatch(spec)
        if device is not None:
            disk = int(device["nvme"]) if device["nvme"] else _ordinal(device["letters"])
            return self._indices.get(("disk", f"{disk},{int(device['number'] or 0)}"))
        return self._indices.get(("volume", spec))


def _tag(spec: str) -> tuple[str, str, str]:
    tag, equals, value = spec.partition("=")
    tags = ("UUID", "LABEL", "PARTUUID", "PARTLABEL")
    return (tag, equals, value) if tag in tags else ("", "", "")


def _ordinal(letters: str) -> int:
    """Return 0 for ``a``, 25 for ``z``, 26 for ``aa``."""
    ordinal = 0
    for letter in letters:
        ordinal = ordinal * 26 + ord(letter) - ord("a") + 1
    return ordinal - 1


def _names(partition: Partition) -> Iterator[tuple[str, str]]:
    tags = {
        "UUID": partition.uuid,
        "LABEL": partition.label,
        "PARTUUID": partition.partuuid,
        "PARTLABEL": partition.partlabel,
    }
    yield from ((tag, value) for tag, value in tags.items() if value)
    if partition.volume:
        yield from (("volume", path) for path in volume_paths(partition.volume))
    else:
        yield "disk", f"{partition.disk},{partition.number}"


def volume_paths(volume: str) -> tuple[str, str]:
    """Return the two names of a logical volume; the device mapper doubles hyphens inside names."""
    mapper = "-".join(part.replace("-", "--") for part in volume.split("/"))
    return f"/dev/{volume}", f"{MAPPER}{mapper}"


def read(settings: Settings, partitions: Sequence[Partition]) -> tuple[FstabEntry, ...]:
    """Return what the guest's fstab mounts; nothing of a file that is too long to be one."""
    devices = Devices(partitions)
    entries = tuple(
        FstabEntry(
            line=line.number,
            spec=line.spec,
            path=line.path,
            kind=line.kind,
            options=line.options,
            partition=None if line.kind in NO_DEVICE else devices.find(line.spec),
        )
        for line in parse(settings.text(FSTAB, LONGEST))
    )
    if len(entries) > MOST_ENTRIES:
        settings.complain(f"{FSTAB}: found {len(entries)} entries, expected at most {MOST_ENTRIES}")
        return ()
    return entries

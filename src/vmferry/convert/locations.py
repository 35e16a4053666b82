# SPDX-License-Identifier: Apache-2.0
"""From an object to the places of its disks, and from a place to an open disk in any process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from vmferry import formats
from vmferry.errors import SourceError
from vmferry.model.disk import DiskLocation
from vmferry.stores import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.appliances import Digest
    from vmferry.model.bytes import ByteSource
    from vmferry.model.disk import Disk
    from vmferry.model.machine import ApplianceDisk, Machine
    from vmferry.stores import Access

_OVA: Final = "ova"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an object holds.

    Attributes:
        format: The format of the object: a disk's, or ``ova``.
        disks: The places of its disks, in boot order.
        machine: What an appliance says of them, ``None`` for a bare disk.
        promises: The disks whose files have a digest in the appliance's manifest.
    """

    format: str
    disks: tuple[DiskLocation, ...]
    machine: Machine | None = None
    promises: tuple[tuple[DiskLocation, Digest], ...] = ()


def locate(url: str, access: Access, format_name: str = "") -> Content:
    """Look into an object by its headers.

    Args:
        url: As in ``stores.open_source``.
        access: How to reach it.
        format_name: What the object is declared to be; ``""`` takes what it is found to be.

    Raises:
        FormatError: It is of another format than declared, or a damaged appliance.
        SourceError: It cannot be read.
    """
    source = open_source(url, access)
    found = format_name or formats.detect(source)
    if found != _OVA:
        location = DiskLocation(url=url, format=found, label=source.name, version=source.version)
        return Content(format=found, disks=(location,))
    from vmferry import appliances  # loads an XML parser, which a bare disk does not need

    appliance = appliances.open_appliance(source)
    disks = tuple(member_location(disk, url, source.version) for disk in appliance.machine.disks)
    promises = tuple(
        (location, digest)
        for location, disk in zip(disks, appliance.machine.disks, strict=True)
        if (digest := appliance.digest_of(disk)) is not None
    )
    return Content(format=found, disks=disks, machine=appliance.machine, promises=promises)


def member_location(disk: ApplianceDisk, url: str, version: str) -> DiskLocation:
    """Return the place of a disk of the appliance at ``url``; its format is not looked at yet."""
    from vmferry.appliances.content import EMPTY

    return DiskLocation(
        url=url,
        format="",
        offset=disk.offset,
        length=disk.length if disk.href else disk.capacity or 0,
        label=disk.href or "empty disk",
        version=version,
        compression=disk.compression if disk.href else EMPTY,
    )


def open_file(location: DiskLocation, access: Access, limit: int | None = None) -> ByteSource:
    """Open the file of a disk, the same one that was looked at first.

    Args:
        location: The disk.
        access: How to reach it.
        limit: The most bytes that a compressed file may inflate to, or ``None``.

    Raises:
        FormatError: A compressed file is damaged, or inflates without end.
        SourceError: It cannot be read, or the object was replaced since then: slices of two
            objects would make a disk that never was.
    """
    source = open_source(location.url, access)
    if location.version not in ("", source.version):
        raise SourceError(
            f"{location.label}: the object was replaced while it was read",
            hint="Start again when nothing writes to it any more",
        )
    if not location.offset and location.length is None:
        return source
    from vmferry.appliances.content import open_content

    length = source.size - location.offset if location.length is None else location.length
    return open_content(
        source, location.offset, length, location.label, location.compression, limit
    )


def open_disk(location: DiskLocation, access: Access) -> Disk:
    """Open a disk.

    Raises:
        FormatError: It is of another format than declared, of one that is not read, or damaged.
        SourceError: It cannot be read.
    """
    return formats.open_disk(open_file(location, access), location.format or None)


def opener(location: DiskLocation, access: Access, disk: Disk) -> Callable[[], Disk]:
    """Return what opens ``disk`` in a process that is forked later.

    A local file is read at places, so its tables and its inflaters' states are shared. Connections
    cannot be: two processes would read each other's answers.
    """
    if location.url.startswith("file://"):
        return lambda: disk
    return partial(open_disk, location, access)

# SPDX-License-Identifier: Apache-2.0
"""Disks and their machine into one OVA; every disk is written to its place in the archive."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from vmferry.appliances import OvaWriter
from vmferry.convert.disk import Converted, write_disk
from vmferry.convert.locations import open_disk, opener
from vmferry.convert.target import Target
from vmferry.formats import Effort
from vmferry.model.machine import ApplianceDisk
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vmferry.model.disk import Disk, DiskLocation
    from vmferry.model.machine import Machine
    from vmferry.stores import Access

_CHUNK: Final = 4 * MIB

Show: TypeAlias = "Callable[[int, int], None]"
"""Takes the bytes done and to do of the disk that is written."""


def convert_appliance(
    locations: Sequence[DiskLocation],
    machine: Machine,
    access: Access,
    path: Path,
    *,
    effort: Effort = Effort.NORMAL,
    jobs: int = 0,
    show: Show = lambda _done, _total: None,
) -> Converted:
    """Write an OVA of disks that lie somewhere.

    Args:
        locations: The disks in boot order.
        machine: What is described; its own disks give controllers where there are as many.
        access: How to reach the disks.
        path: An empty file.
        effort: How hard disks are deflated.
        jobs: Worker processes, 0 for one per core.
        show: Called with the bytes done and to do of each disk.

    Raises:
        FormatError: A disk is damaged.
        SourceError: A disk cannot be read.
        StorageFullError: No space is left.
    """
    opened = [open_disk(location, access) for location in locations]
    disks = [
        (disk, opener(location, access, disk))
        for location, disk in zip(locations, opened, strict=True)
    ]
    return write_appliance(disks, machine, path, effort=effort, jobs=jobs, show=show)


def write_appliance(
    disks: Sequence[tuple[Disk, Callable[[], Disk]]],
    machine: Machine,
    path: Path,
    *,
    effort: Effort = Effort.NORMAL,
    jobs: int = 0,
    show: Show = lambda _done, _total: None,
) -> Converted:
    """Write an OVA of open disks, as ``convert_appliance`` does.

    Args:
        disks: Each with what opens it in a forked process.
        machine: What is described; its own disks give controllers where there are as many.
        path: An empty file.
        effort: How hard disks are deflated.
        jobs: Worker processes, 0 for one per core.
        show: Called with the bytes done and to do of each disk.
    """
    data = 0
    with path.open("w+b") as out:
        ova = OvaWriter(out, planned(machine, [disk.size for disk, _ in disks]))
        for disk, reopen in disks:
            base = ova.begin_disk()
            target = Target(path=path, format="vmdk", effort=effort, base=base)
            written = write_disk(disk, reopen, target, jobs=jobs, show=show)
            digest = sha256_of(path, base, written.size)
            ova.end_disk(size=written.size, sha256=digest, populated=written.data)
            data += written.data
        ova.finish()
        size = out.seek(0, os.SEEK_END)
    return Converted(size=size, virtual_size=sum(disk.size for disk, _ in disks), data=data)


def planned(machine: Machine, sizes: Sequence[int]) -> Machine:
    """Return the machine with disks of these sizes, on its own controllers if it has as many."""
    known = machine.disks if len(machine.disks) == len(sizes) else (ApplianceDisk(),) * len(sizes)
    disks = tuple(replace(disk, capacity=size) for disk, size in zip(known, sizes, strict=True))
    return replace(machine, disks=disks)


def sha256_of(path: Path, at: int, size: int) -> str:
    """Read a disk's file once more: its head is written last, so nothing could be summed before."""
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(at)
        left = size
        while chunk := file.read(min(_CHUNK, left)):
            hasher.update(chunk)
            left -= len(chunk)
    return hasher.hexdigest()

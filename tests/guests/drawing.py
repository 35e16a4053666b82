# SPDX-License-Identifier: Apache-2.0
"""Guests drawn in YAML: each file of this folder is one machine and what inspection must say of it.

    disks:
      - table: dos                     # sfdisk's label: dos, gpt, or none for a bare file system
        boot_code: true                # whether the first sector holds a boot loader
        partitions:
          - type: "83"                 # as sfdisk writes it
            size_mib: 12
            filesystem: ext4           # one of filling.py's, lvm, or nothing
            label: root
            uuid: 1111…                # UUID unless it is named
            files:
              etc/hostname: text       # a file
              etc/os-release: {link: ../usr/lib/os-release}
              bin/sh: {elf: 62}        # a program's header for that machine
              boot/initrd.img: {initramfs: [lib/virtio_blk.ko], compress: gzip}
              var/big: {size: 1073741824}
              srv: {folder: true}
          - type: 8e
            filesystem: lvm            # a physical volume, with all volumes of its group
            group: VolGroup00
            volumes:
              LogVol00: {size_mib: 12, filesystem: ext3, files: …}
              LogVol01: {size_mib: 4, away: true}   # on a physical volume that no disk has
    facts: {distribution: debian, …}   # fields of GuestFacts; of what has fields itself those that
                                       # are named; kernels may be named by their releases alone
    error: {aws_text: …, message: …}   # instead of facts
    findings: [kernel_version]         # what blocks it, of rules about systems

The programs that write the disks (sfdisk, mke2fs, cpio, …) know nothing of our readers; LVM's tools
write to block devices only, so its metadata is written here.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]
from tests.guests import filling, physical
from tests.guests.filling import SBIN, UUID, run

from vmferry.model.guest import Kernel
from vmferry.units import MIB, SECTOR

__all__ = ["SBIN", "UUID", "as_drawn", "draw", "load", "names", "run"]

FOLDER: Final = Path(__file__).parent
FIRST: Final = MIB
BOOT_CODE: Final = b"\xeb\x63\x90"


def load(name: str) -> dict[str, Any]:
    """Return one drawing by the name of its file."""
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return document


def names() -> list[str]:
    """Return every drawing's name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def draw(document: dict[str, Any], folder: Path) -> list[Path]:
    """Make the disks of ``document`` in ``folder``."""
    return [
        _disk(disk, folder / f"disk{index}", folder / f"disk{index}.raw")
        for index, disk in enumerate(document["disks"])
    ]


def as_drawn(found: Any, wanted: Any) -> Any:
    """Return what was found in the words of ``wanted``: only the fields that it names."""
    if isinstance(found, tuple):
        drawn = [*(wanted if isinstance(wanted, list) else ()), *([None] * len(found))]
        return [as_drawn(each, one) for each, one in zip(found, drawn, strict=False)]
    if isinstance(found, Kernel) and not isinstance(wanted, dict):
        return found.release
    if is_dataclass(found) and isinstance(wanted, dict):
        return {name: as_drawn(getattr(found, name), wanted[name]) for name in wanted}
    return str(found) if isinstance(found, StrEnum) else found


def _disk(disk: dict[str, Any], work: Path, image: Path) -> Path:
    partitions = disk.get("partitions", [])
    bare = disk["table"] == "none"
    sizes = [_size(partition) for partition in partitions]
    with image.open("xb") as file:
        file.truncate(sum(sizes) + (0 if bare else FIRST + MIB * (len(sizes) + 1)) or MIB)
    places = []
    at = 0 if bare else FIRST
    for size in sizes:
        places.append(at)
        at += size + MIB
    if not bare:
        _table(disk, partitions, places, sizes, image)
    for number, (partition, offset) in enumerate(zip(partitions, places, strict=True)):
        _fill(partition, work / str(number), image, offset)
    if disk.get("boot_code"):
        with image.open("r+b") as file:
            file.write(BOOT_CODE)
    return image


def _size(partition: dict[str, Any]) -> int:
    if "volumes" in partition:
        return physical.DATA + sum(map(_size, partition["volumes"].values()))
    return int(partition.get("size_mib", 12)) * MIB


def _table(
    disk: dict[str, Any],
    partitions: list[dict[str, Any]],
    places: list[int],
    sizes: list[int],
    image: Path,
) -> None:
    lines = [f"label: {disk['table']}"] + [
        f"start={offset // SECTOR}, size={size // SECTOR}, type={partition['type']}"
        for partition, offset, size in zip(partitions, places, sizes, strict=True)
    ]
    run(["sfdisk", "--quiet", str(image)], "\n".join(lines) + "\n")


def _fill(partition: dict[str, Any], work: Path, image: Path, offset: int) -> None:
    if partition.get("filesystem") != "lvm":
        filling.fill(partition, work, image, offset, _size(partition))
        return
    volumes = partition["volumes"]
    sizes = {name: _size(volume) for name, volume in volumes.items()}
    away = {name for name, volume in volumes.items() if volume.get("away")}
    with image.open("r+b") as file:
        file.seek(offset)
        file.write(physical.header(partition["group"], sizes, away))
    at = offset + physical.DATA
    for name, volume in volumes.items():
        if name not in away:
            filling.fill(volume, work / name, image, at, sizes[name])
        at += sizes[name]

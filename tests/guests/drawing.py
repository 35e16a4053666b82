# SPDX-License-Identifier: Apache-2.0
"""Guests drawn in YAML: each file of this folder is one machine and what inspection must say of it.

    disks:
      - table: dos                     # sfdisk's label: dos, gpt, or none for a bare file system
        boot_code: true                # whether the first sector holds a boot loader
        partitions:
          - type: "83"                 # as sfdisk writes it
            size_mib: 12
            filesystem: ext4           # ext2, ext3, ext4, swap, vfat, or nothing
            label: root
            files:
              etc/hostname: text       # a file
              etc/os-release: {link: ../usr/lib/os-release}
              bin/sh: {elf: 62}        # a program's header for that machine
              var/big: {size: 1073741824}
              srv: {folder: true}
    facts: {distribution: debian, …}   # fields of GuestFacts; of what has fields itself those that
                                       # are named; kernels may be named by their releases alone
    error: {aws_text: …, message: …}   # instead of facts
    findings: [kernel_version]         # what blocks it, of rules about systems

The programs that write the disks (sfdisk, mke2fs, mkswap, mkfs.vfat) know nothing of our readers.
"""

from __future__ import annotations

import struct
import subprocess
from dataclasses import is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from vmferry.model.guest import Kernel
from vmferry.units import MIB, SECTOR

FOLDER: Final = Path(__file__).parent
FIRST: Final = MIB
UUID: Final = "11111111-2222-4333-8444-555555555555"
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
    sizes = [partition.get("size_mib", 12) * MIB for partition in partitions]
    with image.open("xb") as file:
        file.truncate(sum(sizes) + (0 if bare else FIRST + MIB * (len(sizes) + 1)) or MIB)
    places = []
    at = 0 if bare else FIRST
    for size in sizes:
        places.append(at)
        at += size + MIB
    if not bare:
        _table(disk, partitions, places, sizes, image)
    for number, (partition, offset, size) in enumerate(zip(partitions, places, sizes, strict=True)):
        _fill(partition, work / str(number), image, offset, size)
    if disk.get("boot_code"):
        with image.open("r+b") as file:
            file.write(BOOT_CODE)
    return image


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


def _fill(partition: dict[str, Any], tree: Path, image: Path, offset: int, size: int) -> None:
    kind = partition.get("filesystem", "")
    if kind.startswith("ext"):
        tree.mkdir(parents=True)
        for path, content in partition.get("files", {}).items():
            _plant(tree / path, content)
        label = partition.get("label", "")
        uuid = partition.get("uuid", UUID)
        make = ["mke2fs", "-q", "-F", "-t", kind, "-L", label, "-U", uuid, "-d", str(tree)]
        run([*make, "-E", f"offset={offset}", str(image), f"{size // 1024}k"])
    elif kind:
        content = tree.with_name(f"{tree.name}.part")
        content.parent.mkdir(parents=True, exist_ok=True)
        with content.open("xb") as file:
            file.truncate(size)
        run({"swap": ["mkswap"], "vfat": ["mkfs.vfat"]}[kind] + [str(content)])
        if files := partition.get("files"):
            for path, text in files.items():
                _plant(tree / path, text)
            run(["mcopy", "-s", "-i", str(content), *map(str, sorted(tree.iterdir())), "::/"])
        with image.open("r+b") as file:
            file.seek(offset)
            file.write(content.read_bytes())


def _plant(path: Path, content: str | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif "link" in content:
        path.symlink_to(content["link"])
    elif "folder" in content:
        path.mkdir(exist_ok=True)
    elif "elf" in content:
        path.write_bytes(
            struct.pack("<4sB13xH", b"\x7fELF", 1 if content["elf"] == 3 else 2, content["elf"])
        )
    else:
        with path.open("xb") as file:
            file.truncate(content["size"])


def run(command: list[str], text: str = "") -> str:
    """Run an independent program and return what it says."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, env={"PATH": SBIN}
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


SBIN: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where Debian has mke2fs and sfdisk, which are not on a user's PATH."""

# SPDX-License-Identifier: Apache-2.0
"""Disks of hostile guests, and the check of one with what it took.

File systems are made by their own programs and then made worse: by debugfs, which writes what a
kernel never would, or byte by byte. A folder of a million names is a file whose bytes are a
folder's, and which then is told that it is one: mke2fs would need an hour to make a real one.
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import struct
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from tests.fuzz.scattered import ScatteredFile
from tests.guests.drawing import SBIN, run
from tests.house import memory

from vmferry.guest import inspection
from vmferry.guest.report import Check, described
from vmferry.guest.rules import Subject
from vmferry.model.disk import Extent, ExtentKind
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.model.disk import Disk
    from vmferry.model.finding import Report

BLOCK: Final = 4 * KIB
LOST_AND_FOUND: Final = 11
"""The inode that every name of a giant folder leads to."""

RELEASE: Final = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'
ELF: Final = struct.pack("<4sB13xH", b"\x7fELF", 2, 62).ljust(64, b"\0")

MEASURED: Final = """
import sys
sys.path[:] = {path!r}
from vmferry.guest import child
look = child.look
status = open("/proc/self/status", "rb", 0)
told = open("PIPE", "wb", 0)
def measured(disks):
    try:
        return look(disks)
    finally:
        status.seek(0)
        told.write(status.read())
child.look = measured
child.main()
"""
"""The inspecting process as it is, but that it says how much memory it had at most."""


class Link(NamedTuple):
    """A symbolic link."""

    target: str


class Sparse(NamedTuple):
    """A file of zeros that takes no room."""

    size: int


Content = bytes | Link | Sparse
Files = Mapping[str, Content]

GOOD: Final[Files] = {
    "etc/os-release": RELEASE,
    "boot/vmlinuz-6.1.0-1-amd64": b"kernel",
    "bin/sh": ELF,
}
"""A guest that has what a guest must have."""


class Outcome(NamedTuple):
    """What a check says, and what it took.

    Attributes:
        report: What it says.
        seconds: By the clock, or of processor time if that is less: neighbours slow a machine down.
        memory: Bytes that the inspecting process had at most and the caller had more than before;
            0 of a process that was ended, which its limit held.
    """

    report: Report
    seconds: float
    memory: int

    @property
    def text(self) -> str:
        """Everything that is told, a line each."""
        lines = [f"{each.id}: {each.found}" for each in self.report.findings]
        if self.report.guest is not None:
            lines += self.report.guest.damage
        return "\n".join(lines)


class FileDisk:
    """A raw disk in a file, with pieces that are not in it.

    Args:
        path: The file.
        pieces: Bytes by their places.
    """

    def __init__(self, path: Path, pieces: Mapping[int, bytes] | None = None) -> None:
        self._path = path
        self.pieces = dict(pieces or {})
        self.size = path.stat().st_size

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield the whole range as data."""
        yield Extent(offset, self.size - offset if length is None else length, ExtentKind.DATA)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``."""
        with self._path.open("rb") as file:
            file.seek(offset)
            data = bytearray(file.read(length))
        for place, piece in self.pieces.items():
            first, last = max(place, offset), min(place + len(piece), offset + length)
            if first < last:
                data[first - offset : last - offset] = piece[first - place : last - place]
        return bytes(data)


class ScatteredDisk(ScatteredFile):
    """A disk of pieces with zeros between them."""

    def extents(self, offset: int = 0, length: int | None = None) -> Iterator[Extent]:
        """Yield the whole range as data."""
        yield Extent(offset, self.size - offset if length is None else length, ExtentKind.DATA)


def check(disks: list[Disk], folder: Path, patch: pytest.MonkeyPatch) -> Outcome:
    """Check a machine as ``vmferry check`` does, and measure it.

    Args:
        disks: Its disks.
        folder: For the pipe on which the inspecting process tells its memory.
        patch: Puts the process that tells it in the place of the usual one.
    """
    pipe = folder / "memory"
    os.mkfifo(pipe)
    patch.setattr(inspection, "START", MEASURED.replace("PIPE", str(pipe)))
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    subject = Subject(disks=tuple(described("disk", "raw", disk) for disk in disks))
    memory.forget_peak()
    held, used, started = memory.peak(), _processor_s(), time.monotonic()
    report = Check().look(subject, disks)
    seconds = min(time.monotonic() - started, _processor_s() - used)
    status = os.read(reader, 64 * KIB).decode()
    os.close(reader)
    child = int(status.partition("VmHWM:")[2].split()[0]) * KIB if status else 0
    return Outcome(report, seconds, child + memory.peak() - held)


def _processor_s() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def needs(*programs: str) -> None:
    """Skip the test if a program is missing that makes its disk."""
    for program in programs:
        if shutil.which(program, path=SBIN) is None:
            pytest.skip(f"{program} is not installed")


def ext4(folder: Path, files: Files, size_mib: int = 16) -> Path:
    """Return an ext4 without a partition table that mke2fs filled."""
    needs("mke2fs", "debugfs")
    tree, image = folder / "tree", folder / "disk.raw"
    plant(tree, files)
    make = [
        "mke2fs",
        "-q",
        "-F",
        "-t",
        "ext4",
        "-O",
        "^metadata_csum",
        "-b",
        str(BLOCK),
        "-d",
        str(tree),
    ]
    run([*make, str(image), f"{size_mib}M"])
    return image


def plant(tree: Path, files: Files) -> None:
    """Write ``files`` below ``tree``."""
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, Sparse):
            with path.open("xb") as file:
                file.truncate(content.size)
        else:
            path.write_bytes(content)


def debugfs(image: Path, *requests: str) -> str:
    """Change a file system as no kernel would."""
    return run(["debugfs", "-w", "-f", "-", str(image)], "\n".join(requests) + "\n")


@functools.cache
def giant_folder(count: int, pattern: str = "n{:07}", inode: int = LOST_AND_FOUND) -> bytes:
    """Return the blocks of an ext4 folder of ``count`` names that all lead to ``inode``."""
    length = -(-(8 + len(pattern.format(0))) // 4) * 4
    fill = BLOCK // length
    blocks = []
    for first in range(0, count, fill):
        numbers = range(first, min(first + fill, count))
        *names, last = (pattern.format(number).encode() for number in numbers)
        entries = [_entry(inode, name, length) for name in names]
        entries.append(_entry(inode, last, BLOCK - len(names) * length))
        blocks.append(b"".join(entries))
    return b"".join(blocks)


def _entry(inode: int, name: bytes, length: int) -> bytes:
    return (struct.pack("<IHBB", inode, length, len(name), 1) + name).ljust(length, b"\0")


def with_giant_folders(folder: Path, files: Files, folders: dict[str, bytes]) -> Path:
    """Return an ext4 with ``files``, in which the folders of that path have these blocks."""
    size = sum(map(len, folders.values())) // MIB + 16
    image = ext4(folder, {**files, **folders}, size)
    modes = {f"/{path}": "040755" for path in folders} | {f"<{LOST_AND_FOUND}>": "0100644"}
    debugfs(image, *(f"set_inode_field {path} mode {mode}" for path, mode in modes.items()))
    return image

# SPDX-License-Identifier: Apache-2.0
"""Hostile disks below the files: super blocks, extents and tables that lead to themselves."""

from __future__ import annotations

import random
import re
import struct
from typing import TYPE_CHECKING, Final

from tests.fuzz.disk_recipes import mbr_files
from tests.fuzz.scattered import join, scatter
from tests.guest.volumes.lvm import recipes as lvm
from tests.guests.drawing import run
from tests.hostile.guests import (
    BLOCK,
    ELF,
    GOOD,
    RELEASE,
    FileDisk,
    ScatteredDisk,
    ext4,
    needs,
    plant,
)

from vmferry.guest.volumes.lvm.label import AREA_MAGIC, checksum
from vmferry.units import KIB, MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.model.disk import Disk

FREE: Final = 3000
"""A block of 4 KiB that nothing uses."""

XFS_FREE: Final = 15_000
WRONG: Final = (b"\xff" * 4, b"\0" * 4, b"\1\0\0\x80", b"\x7f\xff\xff\xff")


def seed(files: Callable[[], dict[str, bytes]], name: str) -> Callable[[Path], list[Disk]]:
    """Return what makes the disk ``name`` of a fuzzer's seeds."""
    return lambda _folder: [ScatteredDisk(scatter(files()[name]), "disk")]


def damaged(
    make: Callable[[Path], Path], at: int, kept: dict[int, int], length: int, chance: int = 1
) -> Callable[[Path], list[Disk]]:
    """Return what makes a disk with a third of its super block wrong.

    Args:
        make: Makes the file system.
        at: Where the super block is.
        kept: What tells what it is: places in it, and how many bytes.
        length: Of the super block.
        chance: Which wrong one.
    """

    def disks(folder: Path) -> list[Disk]:
        source = random.Random(chance)
        disk = FileDisk(make(folder))
        good = disk.read_at(at, length)
        block = bytearray(good)
        for place in range(0, length, 4):
            if source.random() < 0.3:
                block[place : place + 4] = source.choice(WRONG)
        for place, size in kept.items():
            block[place : place + size] = good[place : place + size]
        disk.pieces[at] = bytes(block)
        return [disk]

    return disks


def blank(command: list[str], size: int) -> Callable[[Path], Path]:
    """Return what makes an empty file system."""

    def make(folder: Path) -> Path:
        image = folder / "disk.raw"
        with image.open("xb") as file:
            file.truncate(size)
        needs(command[0])
        run([*command, str(image)])
        return image

    return make


def xfs(folder: Path, more: list[str] | None = None, version: int = 4) -> Path:
    """Return an XFS with a guest and ``more`` lines of the prototype in its /boot."""
    needs("mkfs.xfs")
    for name, content in (("release", RELEASE), ("program", ELF)):
        (folder / name).write_bytes(content)
    lines = ["/boot", "0 0", "d--755 0 0", "etc d--755 0 0"]
    lines += [f"os-release ---644 0 0 {folder / 'release'}", "$", "boot d--755 0 0"]
    lines += [f"vmlinuz-6.1 ---644 0 0 {folder / 'program'}", *(more or []), "$", "$", "$"]
    (folder / "prototype").write_text("\n".join(lines) + "\n")
    options = ["-m", f"crc={version - 4}", "-p", str(folder / "prototype")]
    return blank(["mkfs.xfs", "-q", *options], 300 * MIB)(folder)


def xfs_loop(folder: Path) -> list[Disk]:
    """Return an XFS whose os-release has a tree of extents that is its own child."""
    needs("xfs_db")
    image = xfs(folder)
    told = run(["xfs_db", "-r", "-c", "path /etc/os-release", "-c", "stack", str(image)])
    found = re.search(r"byte offset (\d+)", told)
    assert found, told
    at = int(found[1])
    disk = FileDisk(image)
    inode = bytearray(disk.read_at(at, 256))
    inode[5] = 3
    inode[100:112] = struct.pack(">HHQ", 2, 1, 0)
    inode[176:184] = struct.pack(">Q", XFS_FREE)
    node = struct.pack(">4sHHQQ", b"BMAP", 2, 254, 2**64 - 1, 2**64 - 1) + bytes(254 * 8)
    node += struct.pack(">Q", XFS_FREE) * 254
    disk.pieces |= {at: bytes(inode), XFS_FREE * BLOCK: node}
    return [disk]


def ext_loop(folder: Path) -> list[Disk]:
    """Return an ext4 whose os-release has a tree of extents that is its own child."""
    image = ext4(folder, GOOD)
    told = run(["debugfs", "-R", "imap /etc/os-release", str(image)])
    found = re.search(r"located at block (\d+), offset (0x[0-9a-f]+)", told)
    assert found, told
    node = struct.pack("<HHHHIIIHH", 0xF30A, 1, 4, 5, 0, 0, FREE, 0, 0)
    wide = struct.pack("<HHHHI", 0xF30A, 340, 340, 5, 0) + struct.pack("<IIHH", 0, FREE, 0, 0) * 340
    at = int(found[1]) * BLOCK + int(found[2], 16) + 40
    return [FileDisk(image, {at: node, FREE * BLOCK: wide})]


def btrfs(folder: Path) -> Path:
    """Return a Btrfs with 2000 files in /boot."""
    needs("mkfs.btrfs")
    tree = folder / "tree"
    plant(tree, GOOD)
    for number in range(2000):
        (tree / "boot" / f"{number}").touch()
    return blank(["mkfs.btrfs", "-q", "-r", str(tree)], 128 * MIB)(folder)


def with_esp(wrong: Callable[[bytearray], None]) -> Callable[[Path], list[Disk]]:
    """Return what makes a guest whose EFI system partition ``wrong`` has changed."""

    def disks(folder: Path) -> list[Disk]:
        needs("mkfs.vfat", "mcopy")
        more = {f"EFI/vendor{number:03}/x": b"" for number in range(30)}
        plant(folder / "esp", {"EFI/BOOT/BOOTX64.EFI": b"MZ" * 40_000, **more})
        esp = folder / "esp.raw"
        with esp.open("xb") as file:
            file.truncate(40 * MIB)
        run(["mkfs.vfat", "-F", "32", "-s", "1", str(esp)])
        run(["mcopy", "-s", "-i", str(esp), str(folder / "esp" / "EFI"), "::/"])
        data = bytearray(esp.read_bytes())
        wrong(data)
        image = ext4(folder, GOOD)
        root = image.read_bytes()
        middle = 2048 + len(data) // SECTOR
        rows = [(0xEF, 2048, len(data) // SECTOR), (0x83, middle, len(root) // SECTOR)]
        table = b"".join(struct.pack("<4xBxxxII", *row) for row in rows)
        image.write_bytes(_sector(table).ljust(MIB, b"\0") + data + root)
        return [FileDisk(image)]

    return disks


def loop_of_clusters(data: bytearray) -> None:
    """Let each of the first clusters of a FAT32 be followed by itself."""
    reserved, copies, length = struct.unpack_from("<HB19xI", data, 14)
    for copy in range(copies):
        at = reserved * SECTOR + copy * length * SECTOR
        struct.pack_into("<398I", data, at + 8, *range(2, 400))


def no_sectors(data: bytearray) -> None:
    """Let a FAT say that its sectors have 65535 bytes."""
    data[11:13] = b"\xff\xff"


def chain_of_logical(folder: Path) -> list[Disk]:
    """Return a disk of 10^5 logical partitions."""
    count = 100_000
    link = struct.Struct("<4xBxxxII4xBxxxII")
    sectors = [_sector(struct.pack("<4xBxxxII", 5, 1, 0xFFFFFF00))]
    sectors += [_sector(link.pack(0x83, 1, 1, 5, number + 1, 4)) for number in range(count)]
    image = folder / "disk.raw"
    image.write_bytes(b"".join(sectors) + bytes(MIB))
    return [FileDisk(image)]


def loop_of_logical(folder: Path) -> list[Disk]:
    """Return a disk whose logical partitions lead back to the first."""
    return seed(mbr_files, "loop")(folder)


def _sector(table: bytes) -> bytes:
    return (bytes(446) + table).ljust(510, b"\0") + b"\x55\xaa"


def huge_gpt(_folder: Path) -> list[Disk]:
    """Return a disk whose GPT has four entries of 16 MiB."""
    header = b"EFI PART" + bytes(72 - 8) + struct.pack("<QII", 2, 4, 16 * MIB)
    table = _sector(struct.pack("<4xBxxxII", 0xEE, 1, 0xFFFFFF))
    return [ScatteredDisk(join(256 * MIB, [(0, table), (SECTOR, header)]), "disk")]


def lvm_disk(text: str, areas: int = 1, behind: bytes = b"") -> Callable[[Path], list[Disk]]:
    """Return what makes a physical volume with the same text in each of its metadata areas."""

    def disks(folder: Path) -> list[Disk]:
        data = text.encode()
        size = -(-len(data) // MIB) * MIB + 64 * KIB
        first = -(-(areas * size + 8 * KIB) // MIB) * MIB
        disk = bytearray(first)
        places = b""
        for number in range(areas):
            at = lvm.AREA + number * size
            header = struct.pack("<16sIQQ", AREA_MAGIC, 1, at, size)
            header += struct.pack("<QQII", SECTOR, len(data), checksum(data), 0)
            header = header.ljust(SECTOR - 4, b"\0")
            disk[at : at + SECTOR] = struct.pack("<I", checksum(header)) + header
            disk[at + SECTOR : at + SECTOR + len(data)] = data
            places += struct.pack("<QQ", at, size)
        head = struct.pack("<32sQ", lvm.UUID_0.replace("-", "").encode(), len(disk))
        lvm.put_label(disk, head + struct.pack("<4Q", first, 0, 0, 0) + places + bytes(16))
        image = folder / "volume.raw"
        image.write_bytes(disk + behind)
        return [FileDisk(image)]

    return disks


def lvm_roots(folder: Path) -> list[Disk]:
    """Return a group of 256 volumes that are all the same root."""
    root = ext4(folder, GOOD).read_bytes()
    run_of = lvm.linear(0, len(root) // lvm.EXTENT, "pv0", 0)
    text = lvm.group(" ".join(lvm.volume(f"v{number}", run_of) for number in range(256)))
    text = text.replace(f"pe_start = {lvm.DATA // SECTOR}", f"pe_start = {2 * MIB // SECTOR}")
    return lvm_disk(text.ljust(MIB + 1)[:MIB], behind=root)(folder)


def long_metadata(length: int) -> str:
    """Return metadata of about so many bytes, dear to read."""
    row = "a { b = [1, 2, 3] }\n"
    return f'vg {{ id = "a"\n seqno = 1\n{row * (length // len(row))}}}\n'

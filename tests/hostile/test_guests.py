# SPDX-License-Identifier: Apache-2.0
"""Hostile guests: whatever is on a disk, the check says so, soon, and in little memory.

What is checked is the whole of it, from the disks' bytes to the report, with the sandboxed process
between them, as ``vmferry check`` and an import do it. Nothing here may raise.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
import zstandard
from tests.fuzz.guest_recipes import btrfs_files, jfs_files
from tests.fuzz.setting_recipes import lz4_literals
from tests.hostile import guest_disks as disks
from tests.hostile.guests import (
    GOOD,
    RELEASE,
    FileDisk,
    Files,
    Link,
    Sparse,
    check,
    debugfs,
    ext4,
    giant_folder,
    with_giant_folders,
)

from vmferry.units import GIB, KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmferry.model.disk import Disk

MOST_S: Final = 10
MOST_MEMORY: Final = 300 * MIB

KERNEL: Final = "boot/vmlinuz-6.1.0-1-amd64"
INITRAMFS: Final = "boot/initrd.img-6.1.0-1-amd64"
NO_RELEASE: Final = "no os-release file in disk 0 (ext4)"
UNKNOWN: Final = "the drivers in the initramfs are not known: initramfs:"


class Case(NamedTuple):
    """One hostile guest.

    Attributes:
        make: Makes its disks in a folder.
        told: What the report says of it.
    """

    make: Callable[[Path], list[Disk]]
    told: str


def _guest(files: Files, size_mib: int = 16, without: str = "") -> Callable[[Path], list[Disk]]:
    """Return what makes a good guest with ``files`` more, and one less."""
    whole = {path: content for path, content in GOOD.items() if path != without} | dict(files)
    return lambda folder: [FileDisk(ext4(folder, whole, size_mib))]


def _giant(
    path: str, count: int, pattern: str = "n{:07}", without: str = "", more: Files | None = None
) -> Callable[[Path], list[Disk]]:
    """Return what makes a good guest in which one folder has ``count`` names."""
    files = {name: content for name, content in GOOD.items() if name != without} | dict(more or {})
    return lambda folder: [
        FileDisk(with_giant_folders(folder, files, {path: giant_folder(count, pattern)}))
    ]


def _lines(pattern: str, count: int) -> bytes:
    return "".join(pattern.format(number) for number in range(count)).encode()


def _folder_in_itself(files: Files) -> Callable[[Path], list[Disk]]:
    """Return what makes a good guest in which /etc/a is also /etc/a/a."""

    def make(folder: Path) -> list[Disk]:
        image = ext4(folder, {**GOOD, "etc/a/x": RELEASE, **files})
        found = re.search(r"Inode: (\d+)", debugfs(image, "stat /etc/a"))
        assert found
        debugfs(image, f"link <{found[1]}> /etc/a/a")
        return [FileDisk(image)]

    return make


def _two(folder: Path) -> list[Disk]:
    image = ext4(folder, GOOD)
    return [FileDisk(image), FileDisk(image)]


def _initramfs(data: bytes | Sparse, size_mib: int = 16) -> Callable[[Path], list[Disk]]:
    return _guest({INITRAMFS: data}, size_mib)


def _entry(name: bytes, size: int = 0) -> bytes:
    head = b"070701".ljust(54, b"0") + b"%08x" % size + b"0" * 32 + b"%08x" % (len(name) + 1)
    entry = head + b"0" * 8 + name + b"\0"
    return entry + bytes(-len(entry) % 4)


END: Final = _entry(b"TRAILER!!!")
HUGE: Final = _entry(b"x", 0xFFFFFFFF)


def _members(length: int) -> bytes:
    """Return an archive of one file of zeros, compressed, fifteen times."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [deflate.compress(_entry(b"x", length))]
    parts += [deflate.compress(bytes(MIB)) for _ in range(length // MIB)]
    parts += [deflate.compress(END), deflate.flush()]
    return 15 * b"".join(parts)


def _grub(line: bytes, length: int) -> Files:
    start = b"set a=aaaaaaaa\n" + b"set a=$a$a\n" * 20
    return {"boot/grub/grub.cfg": start + line * ((length - len(start)) // len(line))}


def _menu(first: int) -> bytes:
    """Return a grub.cfg whose paths are not UTF-8, so that each byte takes six in JSON."""
    entry = (
        b"menuentry 'a%d' {\nlinux /" + b"\xff" * 2500 + b"\ninitrd /" + b"\xff" * 2400 + b"\n}\n"
    )
    return b"".join(entry % number for number in range(first, first + 100))


FILES: Final = {
    "os-release of a GiB": Case(
        _guest({"etc/os-release": Sparse(GIB)}),
        "/etc/os-release: found 1073741824 bytes, expected at most 65536",
    ),
    "fstab of a GiB": Case(
        _guest({"etc/fstab": Sparse(GIB)}),
        "/etc/fstab: found 1073741824 bytes, expected at most 65536",
    ),
    "fstab of 10^5 lines": Case(
        _guest({"etc/fstab": _lines("UUID={0} /mnt/{0} ext4\n", 100_000)}),
        "/etc/fstab: found 2677780 bytes, expected at most 65536",
    ),
    "fstab of short lines": Case(
        _guest({"etc/fstab": b"a b\n" * (64 * KIB // 4)}),
        "/etc/fstab: found 16384 entries, expected at most 1000",
    ),
    "10^5 users": Case(
        _guest({"etc/passwd": _lines("u{0}:x:1:1::/home/{0}:/bin/sh\n", 100_000)}),
        "/etc/passwd: found 3377780 bytes, expected at most 1048576",
    ),
    "20,000 users": Case(
        _guest({"etc/passwd": _lines("u{0}:x:1:1::/home/{0}:/bin/sh\n", 20_000)}),
        "/etc/passwd: found 20000 homes, only the first 500 are looked at",
    ),
    "grub.cfg of 100 MiB": Case(
        _guest({"boot/grub/grub.cfg": Sparse(100 * MIB)}),
        "/boot/grub/grub.cfg: found 104857600 bytes, expected at most 524288",
    ),
    "grub.cfg of variables": Case(
        _guest(_grub(b'set b="$a$a$a$a"\n', 512 * KIB)), "boot_menu: none"
    ),
    "grub.cfg of tests": Case(
        _guest(_grub(b"if [ -f /" + b"etc/../" * 400 + b"x ]; then\nfi\n", 512 * KIB)),
        "boot_menu: none",
    ),
    "menus of long paths": Case(
        _guest({"boot/grub/grub.cfg": _menu(0), "boot/grub2/grub.cfg": _menu(1)}),
        "to tell, expected at most 2 MiB",
    ),
    "two roots": Case(_two, "several_systems: disk 0 and disk 1: each holds a system"),
    "no kernel": Case(_guest({}, without=KERNEL), "no_kernel: disk 0: Debian 12 has no kernel"),
}

FOLDERS: Final = {
    "/etc of 10^6 names": Case(
        _giant("etc", 1_000_000, without="etc/os-release", more={"usr/lib/os-release": RELEASE}),
        "fstab_missing: no entry",
    ),
    "/boot of 10^6 names": Case(
        _giant("boot", 1_000_000, without=KERNEL),
        "found 1000000 entries in a directory, expected at most 1000",
    ),
    "/boot of 10^5 kernels": Case(
        _giant("boot", 100_000, "vmlinuz-{:07}", without=KERNEL),
        "found 100000 entries in a directory, expected at most 1000",
    ),
    "/boot of 1000 kernels": Case(
        _giant("boot", 1000, "vmlinuz-{:07}", without=KERNEL), "kernel_version: "
    ),
    "/etc/netplan of 10^5 files": Case(
        _giant("etc/netplan", 100_000, "{:07}.yaml"),
        "/etc/netplan: disk 0: found 100000 entries in a directory, expected at most 1000",
    ),
    "/etc/netplan of 1000 files": Case(
        _giant("etc/netplan", 1000, "{:07}.yaml"),
        "settings: not all are told, for 2097152 bytes were read",
    ),
    "/boot of 50,000 names on XFS": Case(
        lambda folder: [
            FileDisk(disks.xfs(folder, [f"n{number} l--777 0 0 x" for number in range(50_000)]))
        ],
        "found 50001 entries in a directory, expected at most 1000",
    ),
    "/boot of 2000 names on Btrfs": Case(
        lambda folder: [FileDisk(disks.btrfs(folder))],
        "found more entries in a directory than the 1000 expected",
    ),
}

LINKS: Final = {
    "link to itself": Case(_guest({"etc/os-release": Link("os-release")}), NO_RELEASE),
    "link out of the guest": Case(
        _guest({"etc/os-release": Link("../" * 40 + "usr/lib/os-release")}), NO_RELEASE
    ),
    "root is a link": Case(
        _guest({"etc": Link("/")}, without="etc/os-release"), "no os-release file in disk 0"
    ),
    "link through a folder in itself": Case(
        _folder_in_itself({"etc/os-release": Link("a/" * 2000 + "x")}), NO_RELEASE
    ),
    "forty links through a folder in itself": Case(
        _folder_in_itself(
            {"etc/os-release": Link("l0")}
            | {f"etc/l{number}": Link("a/" * 1900 + f"../l{number + 1}") for number in range(39)}
        ),
        NO_RELEASE,
    ),
    "homes of 10^5 parts": Case(
        _folder_in_itself(
            {"etc/passwd": _lines(f"u{{0}}:x:1:1::/etc/{'a/' * 20_000}{{0}}:/bin/sh\n", 20)}
        ),
        "key_user: ",
    ),
}

BOMBS: Final = {
    "zeros": Case(_initramfs(Sparse(GIB)), "initramfs at byte 4194304: found more than 4194304"),
    "gzip": Case(
        _initramfs(gzip.compress(HUGE + bytes(300 * MIB), 1)), f"{UNKNOWN} gzip: found more than"
    ),
    "xz": Case(
        _initramfs(lzma.compress(HUGE + bytes(110 * MIB), check=lzma.CHECK_CRC32, preset=0)),
        f"{UNKNOWN} xz: found more than 100663296 bytes",
    ),
    "bzip2": Case(
        _initramfs(bz2.compress(HUGE + bytes(40 * MIB))), f"{UNKNOWN} bzip2: found more than"
    ),
    "zstd": Case(
        _initramfs(zstandard.compress(HUGE + bytes(400 * MIB))), f"{UNKNOWN} zstd: found more than"
    ),
    "lz4": Case(
        _initramfs(lz4_literals(HUGE + bytes(7 * MIB)) + lz4_literals(bytes(7 * MIB))[4:], 48),
        f"{UNKNOWN} lz4: found more than 10485760 bytes",
    ),
    "members of zeros": Case(_initramfs(_members(200 * MIB), 32), f"{UNKNOWN} gzip: found more"),
    "archives in archives": Case(
        _initramfs(gzip.compress(END * 500_000)), "initramfs: cpio: found more than 100000 entries"
    ),
    "archives": Case(_initramfs(END * 100_000, 32), "initramfs: found more than 16 archives"),
    "names": Case(
        _initramfs(gzip.compress(_entry(b"x") * 500_000)),
        "initramfs: cpio: found more than 100000 entries",
    ),
}

FILE_SYSTEMS: Final = {
    "ext4's super block": Case(
        disks.damaged(lambda folder: ext4(folder, GOOD), KIB, {56: 2}, KIB),
        "disk 0: the ext file system is damaged",
    ),
    "XFS's super block": Case(
        disks.damaged(disks.xfs, 0, {0: 4}, 264), "disk 0: the xfs file system is damaged"
    ),
    "XFS 5's super block": Case(
        disks.damaged(lambda folder: disks.xfs(folder, version=5), 0, {0: 4}, 264),
        "disk 0: the xfs file system is damaged",
    ),
    "Btrfs's super block": Case(
        disks.damaged(disks.blank(["mkfs.btrfs", "-q"], 128 * MIB), 64 * KIB, {64: 8}, 2 * KIB),
        "disk 0: the btrfs file system cannot be read: super block at byte 65536",
    ),
    "JFS's super block": Case(
        disks.damaged(disks.blank(["mkfs.jfs", "-q"], 16 * MIB), 32 * KIB, {0: 4}, 128),
        "disk 0: the jfs file system cannot be read: s_version at byte 32772",
    ),
    "NTFS's super block": Case(
        disks.damaged(disks.blank(["mkntfs", "-q", "-F"], 16 * MIB), 0, {3: 8, 510: 2}, 512),
        "found ntfs, expected a root file system",
    ),
    "FAT's super block": Case(
        disks.with_esp(disks.no_sectors), "disk 0, partition 1: the FAT file system is damaged"
    ),
    "ext4's extents in a loop": Case(disks.ext_loop, "disk 0: the ext file system is damaged"),
    "XFS's extents in a loop": Case(disks.xfs_loop, "disk 0: the xfs file system is damaged"),
    "Btrfs's nodes in a loop": Case(
        disks.seed(btrfs_files, "loop"), "the btrfs file system cannot be read: node 2105344"
    ),
    "JFS's folder in a loop": Case(
        disks.seed(jfs_files, "loop"),
        "the jfs file system cannot be read: directory: found more than 8 levels",
    ),
    "FAT's clusters in a loop": Case(
        disks.with_esp(disks.loop_of_clusters),
        "disk 0, partition 1: the FAT file system is damaged",
    ),
}

VOLUMES: Final = {
    "logical partitions in a loop": Case(
        disks.loop_of_logical, "no_partitions: disk 0: the mbr partition table is damaged"
    ),
    "10^5 logical partitions": Case(
        disks.chain_of_logical, "no_partitions: disk 0: the mbr partition table is damaged"
    ),
    "GPT of 16 MiB entries": Case(
        disks.huge_gpt, "no_partitions: disk 0: the gpt partition table is damaged"
    ),
    "LVM's text of 4 MiB, eight times": Case(
        disks.lvm_disk(disks.long_metadata(4 * MIB), 8),
        "volume_group: disk 0: found 4194327 bytes of LVM metadata, expected at most 1048576",
    ),
    "LVM's text of a MiB, eight times": Case(
        disks.lvm_disk(disks.long_metadata(MIB - KIB), 8),
        "volume_group: LVM group vg: found no physical_volumes",
    ),
    "256 volumes that are roots": Case(
        disks.lvm_roots, "volume vg/v2 and volume vg/v3 and 252 more: each holds a system"
    ),
}

CASES: Final = {**FILES, **FOLDERS, **LINKS, **BOMBS, **FILE_SYSTEMS, **VOLUMES}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_guest(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    found = check(case.make(tmp_path), tmp_path, monkeypatch)
    assert case.told in found.text
    assert found.seconds <= MOST_S
    assert found.memory <= MOST_MEMORY

# SPDX-License-Identifier: Apache-2.0
"""Fills a partition of a drawn guest: ext2, ext3, ext4, xfs, btrfs, swap, vfat, or nothing."""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.guest.initramfs.archives import compress, cpio

if TYPE_CHECKING:
    from collections.abc import Iterator

UUID: Final = "11111111-2222-4333-8444-555555555555"
SBIN: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where Debian has mke2fs and sfdisk, which are not on a user's PATH."""

SMALL_XFS: Final = dict.fromkeys(("TEST_DIR", "TEST_DEV", "QA_CHECK_FS"), "1")
"""mkfs.xfs makes none below 300 MiB unless XFS's own tests run."""

MODULE: Final = b"module"


def fill(partition: dict[str, Any], tree: Path, image: Path, offset: int, size: int) -> None:
    """Make what ``partition`` says at ``offset`` of ``image``; ``tree`` is a folder to work in."""
    kind = partition.get("filesystem", "")
    uuid, label = partition.get("uuid", UUID), partition.get("label", "")
    tree.mkdir(parents=True)
    for path, content in partition.get("files", {}).items():
        _plant(tree / path, content)
    if kind.startswith("ext"):
        make = ["mke2fs", "-q", "-F", "-t", kind, "-L", label, "-U", uuid, "-d", str(tree)]
        run([*make, "-E", f"offset={offset}", str(image), f"{size // 1024}k"])
    elif kind:
        content = tree.with_name(f"{tree.name}.part")
        with content.open("xb") as file:
            file.truncate(size)
        MAKERS[kind](content, tree, uuid, label)
        _place(content, image, offset)


def _xfs(content: Path, tree: Path, uuid: str, label: str) -> None:
    prototype = tree.with_name(f"{tree.name}.prototype")
    prototype.write_text("\n".join(["/boot", "0 0", "d--755 0 0", *_prototype(tree), "$"]) + "\n")
    command = ["mkfs.xfs", "-q", "-m", f"uuid={uuid}", "-p", str(prototype), str(content)]
    run(command, environment=SMALL_XFS)
    if label:
        run(["xfs_admin", "-L", label, str(content)])


def _prototype(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            yield f"{path.name} l--777 0 0 {path.readlink()}"
        elif path.is_dir():
            yield from (f"{path.name} d--755 0 0", *_prototype(path), "$")
        else:
            yield f"{path.name} ---644 0 0 {path}"


def _btrfs(content: Path, tree: Path, uuid: str, label: str) -> None:
    run(["mkfs.btrfs", "-q", "-U", uuid, "-L", label, "--rootdir", str(tree), str(content)])


def _swap(content: Path, _tree: Path, uuid: str, label: str) -> None:
    run(["mkswap", "-U", uuid, "-L", label, str(content)])


def _vfat(content: Path, tree: Path, _uuid: str, label: str) -> None:
    run(["mkfs.vfat", "-n", label or "ESP", str(content)])
    if files := sorted(map(str, tree.iterdir())):
        run(["mcopy", "-s", "-i", str(content), *files, "::/"])


MAKERS: Final = {"btrfs": _btrfs, "swap": _swap, "vfat": _vfat, "xfs": _xfs}


def _place(content: Path, image: Path, offset: int) -> None:
    """Copy the data of ``content``, which is mostly holes."""
    with content.open("rb") as source, image.open("r+b") as target:
        end = 0
        while True:
            try:
                at = os.lseek(source.fileno(), end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(source.fileno(), at, os.SEEK_HOLE)
            source.seek(at)
            target.seek(offset + at)
            target.write(source.read(end - at))


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
    elif "initramfs" in content:
        path.write_bytes(_initramfs(content))
    else:
        with path.open("xb") as file:
            file.truncate(content["size"])


def _initramfs(content: dict[str, Any]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        archive = cpio(Path(folder), dict.fromkeys(content["initramfs"], MODULE))
    return compress(content["compress"], archive) if "compress" in content else archive


def run(command: list[str], text: str = "", environment: dict[str, str] | None = None) -> str:
    """Run an independent program and return what it says."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": SBIN, **(environment or {})},
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout

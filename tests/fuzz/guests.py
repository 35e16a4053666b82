# SPDX-License-Identifier: Apache-2.0
"""What is run of guests under the fuzzer: volumes, file systems, settings, initramfs.

Of what opens, a part is walked and read, and held against what must be so: a read gives as many
bytes as were asked for, and a short one the beginning of a long one. An input is accepted if there
is no complaint about it.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from tests.fuzz.scattered import Finding, ScatteredFile
from tests.guest.trees import tree_of

from vmferry.errors import FormatError, GuestError
from vmferry.guest import (
    fstab,
    initramfs,
    interfaces,
    kernels,
    menus,
    mounts,
    os_release,
    services,
    signatures,
    volumes,
)
from vmferry.guest.filesystem import NodeKind, Tree
from vmferry.guest.filesystems import btrfs, jfs
from vmferry.guest.initramfs import compression
from vmferry.guest.settings import Settings
from vmferry.guest.volumes import lvm
from vmferry.guest.window import Pages, Window
from vmferry.model.guest import DRIVERS, Partition
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.guest.filesystem import FileSystem, Node
    from vmferry.guest.volumes import Joined

MOST_NODES: Final = 24
MOST_NAMES: Final = 200
MOST_CHILDREN: Final = 8
MOST_SUBVOLUMES: Final = 8
MOST_READ: Final = 64 * KIB
MOST_INFLATED: Final = 16 * MIB

SECTION: Final = b"\n==> "
ESP: Final = "boot/efi/"
ROOT: Final = Partition(
    disk=0, number=1, offset=MIB, size=MIB, kind="0x83", uuid="11111111-2222-4333-8444-555555555555"
)


def lvm_run(data: bytes) -> bool:
    """Join the volumes of two physical ones: the halves of a file."""
    file = ScatteredFile(data, "disk 0")
    half = file.size // 2
    pages = Pages(file)
    members = [
        volumes.Member(
            Partition(disk=0, number=number, offset=at, size=size, kind=""),
            Window(pages, at, size, f"disk 0, partition {number}"),
        )
        for number, at, size in ((1, 0, half), (2, half, file.size - half))
    ]
    joined, damage = lvm.VOLUMES.join(members)
    for each in joined:
        _read_volume(each, file.size)
    return bool(joined) and not damage


def _read_volume(volume: Joined, most: int) -> None:
    partition, data = volume
    if data.size <= 0 or partition.size != data.size or not partition.volume:
        raise Finding(str(partition))
    if not 0 <= partition.offset <= most:
        raise Finding(f"{partition} of a disk of {most} bytes")
    for at in (0, data.size // 2, max(0, data.size - 4 * KIB)):
        length = min(4 * KIB, data.size - at)
        found = data.read_at(at, length)
        middle = length // 3
        if len(found) != length:
            raise Finding(f"{len(found)} bytes read, {length} asked for")
        if data.read_at(at, middle) + data.read_at(at + middle, length - middle) != found:
            raise Finding(f"two reads at {at} differ from one")
    signatures.identify(Window(data, 0, data.size, partition.volume))


def filesystem_run(family: FileSystem) -> Callable[[bytes], bool]:
    """Return what walks a file system of ``family``."""

    def run(data: bytes) -> bool:
        file = ScatteredFile(data, "disk 0")
        window = Window(Pages(file), 0, file.size, "disk 0")
        good = True
        for step in (family.is_clean, family.free):
            with suppress(GuestError):
                step(window)
        with suppress(GuestError):
            for subvolume in islice(family.subvolumes(window), MOST_SUBVOLUMES):
                good = _walk(subvolume.root) and good
            return _walk(family.open(window)) and good
        return False

    return run


btrfs_run = filesystem_run(btrfs.FILESYSTEM)
jfs_run = filesystem_run(jfs.FILESYSTEM)


def _walk(root: Node) -> bool:
    """Look at the first nodes below ``root``, and say whether none is damaged."""
    todo = [root]
    good = True
    for count in range(MOST_NODES):
        if count == len(todo):
            break
        try:
            todo += _look(todo[count])
        except GuestError:
            good = False
    Tree(root).is_file("/link/../sub/link")
    return good


def _look(node: Node) -> list[Node]:
    if node.kind is NodeKind.LINK:
        node.target()
    if node.kind is NodeKind.FILE:
        wanted = min(node.size, MOST_READ)
        whole = node.read(wanted)
        if len(whole) > wanted or node.read(wanted // 3) != whole[: wanted // 3]:
            raise Finding(f"{len(whole)} bytes of {wanted}, or two reads differ")
    names = node.names(MOST_NAMES)
    children = (node.child(name) for name in names[:MOST_CHILDREN])
    return [child for child in children if child is not None]


def settings_run(data: bytes) -> bool:
    """Read the settings of a guest whose files an input names: ``==> path``, then the content."""
    files: dict[str, str | bytes] = {}
    esp: dict[str, str | bytes] = {}
    for section in (b"\n" + data).split(SECTION)[1:]:
        line, _, content = section.partition(b"\n")
        path = line.decode("utf-8", "replace").strip("/")
        chosen, path = (esp, path.removeprefix(ESP)) if path.startswith(ESP) else (files, path)
        link = line.partition(b" -> ")
        chosen[path.partition(" -> ")[0]] = (
            "->" + link[2].decode("utf-8", "replace") if link[2] else content
        )
    tree, other = tree_of(files), tree_of(esp)
    with suppress(GuestError):
        return not _complaints(tree, other)
    return False


def _complaints(tree: Tree, esp: Tree) -> list[str]:
    settings = Settings(tree)
    os_release.read(tree, os_release.find(tree))
    mounts.read(tree, [ROOT])
    mounts.root_choice(tree)
    fstab.read(settings, [ROOT])
    offered = menus.read(tree, esp, f"/{ESP.rstrip('/')}")
    kernels.find(tree, offered.entries, offered.releases)
    interfaces.read(settings)
    services.read(settings)
    return settings.damage + offered.damage


def initramfs_run(data: bytes) -> bool:
    """Look for every driver in an initramfs; of a bomb less is inflated than else."""
    tree = tree_of({"initrd": data})
    wanted = dict.fromkeys(DRIVERS, "kernel/drivers/block/x.ko")
    less = {name: min(most, MOST_INFLATED) for name, most in compression.MOST.items()}
    with suppress(FormatError, GuestError), patch.dict(compression.MOST, less):
        initramfs.drivers(tree, "initrd", wanted)
        return True
    return False

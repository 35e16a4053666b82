# SPDX-License-Identifier: Apache-2.0
"""Damage where a reader looks: it ends soon, in what is there or in a ``GuestError``."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Final

from tests.fixtures.guest import FileDisk

from vmferry.errors import GuestError
from vmferry.guest.window import Pages, Window

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

    from vmferry.guest.filesystem import FileSystem, Node

PATIENCE_S: Final = 10
MOST_NODES: Final = 150
MOST_NAMES: Final = 1000
MOST_BYTES: Final = 256 * 1024


class Patched:
    """A file as a disk, with some bytes replaced.

    Args:
        path: The file.
        patches: Bytes by their place.
        size: Bytes that are left of it.
    """

    def __init__(self, path: Path, patches: dict[int, bytes], size: int = 0) -> None:
        self._file = FileDisk(path)
        self._patches = patches
        self.size = size or self._file.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes with the patches in them."""
        data = bytearray(self._file.read_at(offset, length))
        for place, patch in self._patches.items():
            for at in range(max(place, offset), min(place + len(patch), offset + length)):
                data[at - offset] = patch[at - place]
        return bytes(data)


class Recording(Window):
    """A partition that remembers what was looked at."""

    def __init__(self, path: Path) -> None:
        disk = FileDisk(path)
        super().__init__(Pages(disk), 0, disk.size, "disk 0, partition 1")
        self.seen: dict[tuple[int, int], None] = {}

    def peek(self, offset: int, length: int) -> bytes:
        """Return the bytes."""
        self.seen[offset, length] = None
        return super().peek(offset, length)


def exercise(family: FileSystem, window: Window) -> str:
    """Use every part of the seam; return the first refusal, if any."""
    start = time.process_time()
    refusals: list[str] = []
    try:
        family.is_clean(window)
        for subvolume in itertools.islice(family.subvolumes(window), 50):
            subvolume.root.child("etc")
        _look(family.open(window), refusals)
    except GuestError as error:
        refusals.append(error.message)
    assert time.process_time() - start < PATIENCE_S
    assert all(refusal.startswith("disk 0, partition 1: ") for refusal in refusals)
    return next(iter(refusals), "")


def patched(path: Path, patches: dict[int, bytes], size: int = 0) -> Window:
    """Return the partition in ``path`` with ``patches``, cut to ``size`` bytes."""
    disk = Patched(path, patches, size)
    return Window(Pages(disk), 0, disk.size, "disk 0, partition 1")


def damaged(block: bytes, chance: random.Random, lowest: int = 0) -> bytes:
    """Return ``block`` with one to three bytes changed, none of them below ``lowest``."""
    data = bytearray(block)
    used = [at for at in range(lowest, len(data)) if data[at]] or [lowest]
    for _ in range(chance.randint(1, 3)):
        at = chance.choice(used) if chance.random() < 0.7 else chance.randrange(lowest, len(data))
        old = data[at]
        data[at] = chance.choice((0, 0xFF, old ^ 1, old + 1 & 0xFF, chance.randrange(256)))
    return bytes(data)


def _look(root: Node, refusals: list[str]) -> None:
    """Read a part of everything, breadth first, going on where a node is damaged."""
    todo = [root]
    count = 0
    while todo and count < MOST_NODES:
        node = todo.pop(0)
        count += 1
        try:
            node.read(min(node.size, MOST_BYTES))
            node.target()
            todo += _children(node)
        except GuestError as error:
            refusals.append(error.message)


def _children(node: Node) -> Iterator[Node]:
    for name in node.names(MOST_NAMES)[:40]:
        child = node.child(name)
        if child is not None:
            yield child

# SPDX-License-Identifier: Apache-2.0
"""Walks a file system from a node on, as a test compares it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.fixtures.guest import FileDisk

from vmferry.guest.filesystem import NodeKind
from vmferry.guest.window import Pages, Window
from vmferry.units import MIB

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Node

ROOT: Final = Path(__file__).parents[3]
MOST: Final = 10_000
LONGEST: Final = 6 * MIB
"""Bytes of a file that are looked at: more than any has but those with holes."""


def window(path: Path) -> Window:
    """Return the whole of a file as a partition."""
    disk = FileDisk(path)
    return Window(Pages(disk), 0, disk.size, "disk 0, partition 1")


SANDBOXED: Final = """
import importlib, sys
from pathlib import Path
from tests.guest.filesystems.walk import walk
from vmferry.guest.sandbox import close_doors
from vmferry.guest.window import Pages, Window

class Disk:
    def __init__(self, file, size):
        self.file, self.size = file, size
    def read_at(self, offset, length):
        self.file.seek(offset)
        return self.file.read(length)

family = importlib.import_module(sys.argv[1]).FILESYSTEM
with open(sys.argv[2], "rb", buffering=0) as file:
    disk = Disk(file, Path(sys.argv[2]).stat().st_size)
    close_doors()
    print(len(walk(family.open(Window(Pages(disk), 0, disk.size, "disk 0")))))
"""
"""Walks a file system where a codec or a module that is not loaded yet cannot be."""


def sandboxed(module: str, path: Path) -> int:
    """Return how many entries ``walk`` finds in a process that has closed its doors."""
    command = [sys.executable, "-c", SANDBOXED, module, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def walk(node: Node, path: str = "") -> dict[str, Any]:
    """Return what is below ``node``: a path's data, a link's target in a tuple, or ``None``."""
    found: dict[str, Any] = {}
    for name in node.names(MOST):
        child = node.child(name)
        assert child is not None, name
        here = f"{path}/{name}" if path else name
        if child.kind is NodeKind.FILE:
            found[here] = child.read(min(child.size, LONGEST))
        elif child.kind is NodeKind.LINK:
            found[here] = (child.target(),)
        else:
            found[here] = None
            if child.kind is NodeKind.DIRECTORY:
                found.update(walk(child, here))
    return found
